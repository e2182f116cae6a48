// The options of a device, checked and in the form that the rooms need.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <holdfast/options.hpp>

#include "base/failure.hpp"
#include "channel/broker_url.hpp"
#include "channel/tls_policy.hpp"
#include "pinning/pin.hpp"

namespace holdfast::device {

struct Settings {
  Options options;
  channel::BrokerUrl broker;
  pinning::PinSet pins;
  channel::TlsPolicy tls;
  std::vector<std::string> warnings;  ///< what an operator should know before the start
};

/// @throws ConfigError naming the first field that cannot work, its value and the mend.
Settings check_options(Options options);

/// Checks what an app says about one message. @return why it cannot be sent, or no failure.
Failure check_publish(std::string_view topic, std::size_t payload_bytes,
                      const PublishOptions& options);

}  // namespace holdfast::device
