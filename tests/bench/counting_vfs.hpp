// What SQLite writes: its file system with a counter in front of it, for this process.

#pragma once

#include <cstdint>

namespace holdfast::bench {

struct Written {
  std::uint64_t log_bytes = 0;   // to the write-ahead log
  std::uint64_t file_bytes = 0;  // to the database itself, by checkpoints
  std::uint64_t syncs = 0;

  std::uint64_t bytes() const { return log_bytes + file_bytes; }
};

/// From now on every database that is opened is counted. Once, before the first.
void count_what_sqlite_writes();

/// So far, by all databases of the process.
Written written_by_sqlite();

}  // namespace holdfast::bench
