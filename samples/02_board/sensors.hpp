// Sensors: what a Linux board can tell about itself without any library, from /proc and /sys.

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "reading.hpp"

namespace board {

/// Reads a board. Not thread-safe: one thread at a time. Whatever is missing or malformed is absent
/// from the reading; nothing throws for it.
class Sensors {
 public:
  /// @param root where proc, sys and the file system to measure are; another one for tests
  explicit Sensors(std::filesystem::path root = "/");

  /// Takes a reading. The processor load is that since the last call, or since construction.
  BoardReadingT read();

 private:
  struct CpuTimes {
    std::uint64_t busy = 0;
    std::uint64_t total = 0;
  };

  std::optional<CpuTimes> read_cpu_times() const;
  void read_cpu(BoardReadingT& reading);
  void read_load(BoardReadingT& reading) const;
  void read_memory(BoardReadingT& reading) const;
  void read_uptime(BoardReadingT& reading) const;
  void read_network(BoardReadingT& reading) const;
  void read_disk(BoardReadingT& reading) const;

  std::filesystem::path root_;
  std::optional<CpuTimes> last_cpu_;
};

}  // namespace board
