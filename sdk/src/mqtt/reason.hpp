// MQTT's reason codes in Holdfast's terms. Pure.

#pragma once

#include <string>

#include "base/failure.hpp"

namespace holdfast::mqtt_engine {

/// A reason code of MQTT 5 (section 2.4) of 0x80 and above. `what` begins the sentence, for
/// instance "the broker refused the login".
Failure explain_reason(int code, const std::string& what);

/// A return code of a 3.1.1 CONNACK (section 3.2.2.3), 1 to 5.
Failure explain_connack_3(int code);

/// Whether a PUBACK with this code ends the message's life: refused for good, not worth a retry.
/// A quota may be there again later; what the broker calls unspecified may have been a passing
/// fault.
bool is_final_refusal(int code);

}  // namespace holdfast::mqtt_engine
