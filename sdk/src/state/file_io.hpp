// What the files of this room share: whole reads and writes by the system's calls. Links are not
// followed.

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "base/failure.hpp"

namespace holdfast::state {

/// At most `most` bytes of a file; empty if it cannot be read.
std::optional<std::vector<std::uint8_t>> read_whole(const std::filesystem::path& path,
                                                    std::size_t most);

/// At the file's position. @return false and `errno` set if not all of it was written
bool write_whole(int file, std::span<const std::uint8_t> bytes);

/// Waits until the disk has the names in a directory.
bool sync_directory(const std::filesystem::path& directory);

/// What `errno` says: `path` cannot be `what`.
Failure system_failure(const std::filesystem::path& path, const char* what);

}  // namespace holdfast::state
