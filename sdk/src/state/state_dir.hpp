// The directory in which a device keeps what must outlive the process. One process owns it.

#pragma once

#include <filesystem>

namespace holdfast::state {

class StateDir {
 public:
  /// Makes the directory (mode 0700) if it is missing and locks it. An empty path keeps nothing.
  /// @throws ConfigError if it cannot be made, written to, or belongs to a device that runs.
  explicit StateDir(const std::filesystem::path& path);
  ~StateDir();
  StateDir(const StateDir&) = delete;
  StateDir& operator=(const StateDir&) = delete;

 private:
  int lock_ = -1;
};

}  // namespace holdfast::state
