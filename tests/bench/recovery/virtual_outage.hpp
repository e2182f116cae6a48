// Outages in virtual time: when does Holdfast's session logic have a connection again? For the
// spread that a backoff with jitter has, which no handful of real outages shows.

#pragma once

#include <chrono>
#include <vector>

#include <holdfast/options.hpp>

namespace holdfast::bench {

/// From the moment the link is back until TCP has a connection that works, in seconds, of `count`
/// silent outages, sorted. The kernel's part is modelled: the data's retransmissions double from
/// 200 ms, `TCP_USER_TIMEOUT` ends the connection, and a SYN is repeated after 1, 3 and 7 s.
std::vector<double> outages(std::chrono::milliseconds lasts, const Backoff& backoff,
                            std::size_t count);

}  // namespace holdfast::bench
