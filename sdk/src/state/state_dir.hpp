// The directory in which a device keeps what must outlive the process. One process owns it.

#pragma once

#include <filesystem>

#include <holdfast/error.hpp>

namespace holdfast::state {

/// Thrown where the directory belongs to a process that runs.
class InUse : public ConfigError {
 public:
  using ConfigError::ConfigError;
};

class StateDir {
 public:
  /// Makes the directory (mode 0700) if it is missing and locks it. An empty path keeps nothing.
  /// @throws ConfigError if it cannot be made or written to, InUse if it belongs to a device that
  /// runs.
  explicit StateDir(const std::filesystem::path& path);
  ~StateDir();
  /// Unlocks it, for one whose device is no more.
  void release();
  StateDir(const StateDir&) = delete;
  StateDir& operator=(const StateDir&) = delete;

 private:
  int lock_ = -1;
};

}  // namespace holdfast::state
