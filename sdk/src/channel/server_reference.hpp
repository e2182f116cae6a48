// The broker that another broker has named (Server Reference, MQTT 5 section 4.11).
//
// The standard leaves the form open and recommends names or addresses, each with or without a port,
// separated by spaces: `broker-b.example.com:8883 [2001:db8::7]`. The first that can be read
// counts. Whoever it is has to prove a key that this device trusts, as any other.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "channel/broker_url.hpp"

namespace holdfast::channel {

/// @param otherwise the port where none is named: that of the broker that spoke
std::optional<BrokerUrl> parse_server_reference(std::string_view text, std::uint16_t otherwise);

}  // namespace holdfast::channel
