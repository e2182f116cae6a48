// Ways to bend what passes a relay; the rules put them to use.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "selftest/bent_broker.hpp"

namespace holdfast::broker_test {

using Packets = std::vector<Bytes>;

inline constexpr std::uint8_t kDuplicate = 0x08;
inline constexpr std::uint8_t kRetain = 0x01;

unsigned qos_of(const Packet& packet);

/// Another packet in the place of those of one type.
Bending changed(Type type, std::function<Packet(Packet)> change);
Bending without(Type type);
/// What goes on in the place of a message.
Bending republished(std::function<void(Publish&)> change);
/// Messages with some of their flags cleared and others set.
Bending with_flags(std::uint8_t clear, std::uint8_t set);
/// Only where the broker said yes.
Bending with_connack_byte(std::size_t at, std::uint8_t value);

}  // namespace holdfast::broker_test
