// Time as the SDK's logic sees it: an instant of the steady clock that somebody hands in. Only the
// device reads the real clock; tests hand in whatever they like.

#pragma once

#include <chrono>

namespace holdfast {

using Instant = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

}  // namespace holdfast
