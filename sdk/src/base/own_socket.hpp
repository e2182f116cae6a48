// Tells whether the other end of a loopback connection belongs to this very process.

#pragma once

#include <optional>

namespace holdfast {

/// The descriptor, in this process, of the other end of the connected IPv4 socket `accepted`; empty
/// if no descriptor of this process is that end. Reads /proc/self/fd: without /proc nobody is
/// recognised (fails closed).
std::optional<int> find_own_peer(int accepted);

}  // namespace holdfast
