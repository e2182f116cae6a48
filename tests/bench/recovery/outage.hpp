// One outage of one client, in a network of its own: the job of a process of its own.

#pragma once

#include <string>
#include <vector>

#include "bench/harness.hpp"

namespace holdfast::bench {

/// What `run_outage` prints. From the moment the link is back: seconds and IP bytes until the first
/// acknowledgement, and until all is acknowledged (-1: never). IP bytes of the outage itself; what
/// did not arrive, and what arrived twice.
extern const std::vector<std::string> kOutageFigures;

/// `contender`; `kind`: silence (nothing comes through, and nobody is told) or address (the
/// interface loses its address, and gets another one afterwards); `outage-ms`, `period-ms` between
/// two messages of the app; `round`. Must be called before there is any other thread.
void run_outage(const Arguments& arguments);

}  // namespace holdfast::bench
