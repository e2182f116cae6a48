// What this process costs, by the kernel's figures.

#pragma once

#include <cstddef>
#include <cstdint>

namespace holdfast::bench {

/// User and system time of all threads.
double cpu_seconds();

/// In MiB: now, and the most that it ever was.
double resident_mib();
double most_resident_mib();

/// Handed to the block layer so far.
double kernel_written_bytes();

/// Of all threads but the one that asks.
struct OtherThreads {
  std::size_t count = 0;
  std::uint64_t wake_ups = 0;  ///< times that one gave up the processor to wait
};
OtherThreads other_threads();

}  // namespace holdfast::bench
