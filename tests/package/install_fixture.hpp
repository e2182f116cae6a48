// Installs this build into a folder of its own, and builds a project of somebody else with it.

#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::test {

using Words = std::vector<std::string>;

/// Far above what compiling one program takes.
inline constexpr auto kBuildBound = std::chrono::minutes(5);

class InstallTest : public ::testing::Test {
 protected:
  /// `cmake --install` of the library and of what is needed to build with it.
  void install();

  /// Runs a program, which has to succeed, and returns what it said.
  std::string must(const Words& words, const ProcessOptions& options = {},
                   std::chrono::milliseconds bound = kBuildBound);

  /// Configures and builds tests/package/consumer with CMake. @return the program
  std::filesystem::path build_consumer(const Words& definitions,
                                       std::chrono::milliseconds bound = kBuildBound);

  /// The program sends a reading to a real broker, which a subscriber gets; a pin that is none ends
  /// in the `ConfigError` that the program catches; a foreign pin in nothing sent.
  void expect_works(const std::filesystem::path& consumer);

  /// The program beside it makes options of the environment and of a file, and catches what is
  /// wrong with one.
  void expect_reads_config(const std::filesystem::path& consumer);

  std::filesystem::path prefix() const { return dir_.path() / "prefix"; }
  std::filesystem::path library_dir() const;
  /// The shared libraries that a program names (DT_NEEDED), separated by spaces.
  std::string needed_by(const std::filesystem::path& program);

  TempDir dir_;
};

}  // namespace holdfast::test
