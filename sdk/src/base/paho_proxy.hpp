// What Paho has to hear from its proxy, which is always one of our own listeners: an environment
// that names a proxy must not choose where Paho connects (docs/decisions/0001-relay.md).

#pragma once

#include <string_view>

namespace holdfast {

/// Sent as soon as Paho's connection is accepted. It looks for the answer once, right after it has
/// asked, and if none is there yet sleeps 250 ms with its process-wide lock held (1.3.12).
inline constexpr std::string_view kPahoProxyAnswer = "HTTP/1.1 200 Connection established\r\n\r\n";

}  // namespace holdfast
