// Many clients at the same time, a thread each.

#pragma once

#include <functional>

namespace holdfast::broker_test {

/// Runs `action(0)` to `action(count - 1)`, `threads` of them at a time, and waits for all. What
/// the first one throws is thrown here then.
void run_crowd(unsigned count, unsigned threads, const std::function<void(unsigned)>& action);

}  // namespace holdfast::broker_test
