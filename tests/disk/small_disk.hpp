// A file system of the test's own, of a few hundred KiB, that can be filled and made read-only.

#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "support/temp_dir.hpp"

namespace holdfast::test {

/// Moves the process into a mount namespace of its own. To be called while it has one thread.
void enter_private_mounts();

/// Empty if disks can be made, else why not.
const std::string& why_no_disks();

class SmallDisk {
 public:
  /// @throws std::runtime_error if it cannot be mounted
  explicit SmallDisk(std::size_t bytes);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  const std::filesystem::path& path() const { return directory_.path(); }

  /// Takes all of the room that is left.
  void fill();
  /// Gives it back.
  void empty();
  void make_read_only(bool read_only);

 private:
  TempDir directory_;
};

}  // namespace holdfast::test
