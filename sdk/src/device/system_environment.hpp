// What a device of an app runs in: the system's clocks, threads of its own, and connections with
// TLS and Paho. It has no state: one serves every device.

#pragma once

#include <memory>

#include "device/environment.hpp"

namespace holdfast::device {

Environment& system_environment();

}  // namespace holdfast::device
