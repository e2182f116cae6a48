// The store as files of CSV, one for each device and day: DIRECTORY/DEVICE/2026-11-28.csv.

#pragma once

#include <cstddef>
#include <filesystem>

#include "store.hpp"

namespace fleet {

/// Writes all days anew. @return how many files
/// @throws std::runtime_error that names the file
std::size_t export_csv(Store& store, const std::filesystem::path& directory);

}  // namespace fleet
