// What a device of an app runs in: the system's clocks, threads of its own, and connections with
// TLS and Paho. It has no state: one serves every device.

#pragma once

#include <cstdint>
#include <memory>

#include "device/environment.hpp"

namespace holdfast::device {

Environment& system_environment();

/// Nanoseconds since 1970 by the system's clock, right or not: for what people read, no more.
std::uint64_t system_time_ns();

}  // namespace holdfast::device
