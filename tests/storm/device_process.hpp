// The device under the storm, as a process (storm_device.cpp), and what it has said.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "support/process.hpp"

namespace holdfast::test {

/// Far above what anything here takes, also on a busy machine.
inline constexpr auto kStormBound = std::chrono::seconds(60);

struct StormPlace {
  std::uint16_t port = 0;  ///< of the broker, or of a proxy before it
  std::vector<std::string> pins;
  std::filesystem::path state_dir;
};

/// What the whole lines of one process say. A line that the kill has cut off was not said.
struct Said {
  std::set<std::uint64_t> stored;
  std::set<std::uint64_t> done;
  std::vector<std::string> troubles;  ///< what must not happen
};

class DeviceProcess {
 public:
  /// Publishes from the first number of this life on.
  DeviceProcess(const StormPlace& place, std::uint64_t life);

  /// So many receipts since its start.
  bool wait_for_stored(std::size_t count) const { return wait_for("stored ", count); }
  bool wait_for_done(std::size_t count) const { return wait_for("done ", count); }
  std::size_t stored() const { return count("stored "); }
  std::size_t done() const { return count("done "); }
  /// `more` receipts from now on, or the outbox is full: nothing more comes before the broker does.
  bool wait_for_stored_or_full(std::size_t more) const;
  /// The connection that is up now has ended, and all that it has brought was said.
  bool wait_for_down() const;
  /// How many messages were acknowledged in this life, those of earlier lives included.
  std::uint64_t delivered();

  /// SIGKILL.
  Said kill();
  /// For a person: how it stands, and what it said last.
  std::string tale() const;

 private:
  std::size_t count(std::string_view beginning) const;
  bool wait_for(std::string_view beginning, std::size_t count) const;

  Process process_;
};

/// A process that sends what waits, and stops. @return what it complained of; empty: nothing is
/// left.
std::string drain_storm(const StormPlace& place);

/// The numbers that wait in the file of a device that does not run, and how many rows and dead
/// letters there are.
struct StormFile {
  std::set<std::uint64_t> numbers;
  std::size_t rows = 0;
  std::size_t dead = 0;
  std::string trouble;  ///< it could not be opened, or not be read, or was damaged
};
StormFile read_storm_file(const std::filesystem::path& state_dir);

}  // namespace holdfast::test
