// Overwrites in a copy of an MQTT packet what must not be seen by others. Pure.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <holdfast/options.hpp>

#include "relay/packet_framer.hpp"

namespace holdfast::observe {

/// Whether payloads (of PUBLISH, and of the will in CONNECT) are seen.
enum class Payloads : std::uint8_t { shown, blanked };

/// What stands for each byte that is not shown.
inline constexpr std::byte kFiller{'*'};

/// Whether `blank_secrets` changes anything in packets of this type.
bool has_secrets(relay::PacketType type, Payloads payloads);

/// Overwrites, byte for byte:
///  - in CONNECT the user name and the password, always;
///  - in CONNECT, CONNACK and AUTH the authentication data and the values of user properties (MQTT
///  5
///    sections 3.1.2.11, 3.2.2.3 and 3.15.2.2), always;
///  - payloads, if they are to be blanked.
/// Lengths stay, so that the packet can be read on. In CONNECT, CONNACK and AUTH only what is known
/// to be harmless is left: where a packet is not as MQTT wants it, all that follows is overwritten.
/// @param packet one whole packet, with its fixed header
/// @param version of the session; CONNECT says its own
void blank_secrets(std::span<std::byte> packet, MqttVersion version, Payloads payloads);

}  // namespace holdfast::observe
