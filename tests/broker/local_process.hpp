// The memory of a broker that is a process of this machine.

#pragma once

#include <cstdint>
#include <optional>

namespace holdfast::broker_test {

/// Bytes of resident memory of the process that listens on this port of loopback or of all
/// addresses; empty if there is none that we may look at (proc(5)).
std::optional<std::uint64_t> memory_of_listener(std::uint16_t port);

}  // namespace holdfast::broker_test
