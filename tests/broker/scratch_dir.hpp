// A directory for what must not outlive a check.

#pragma once

#include <filesystem>

namespace holdfast::broker_test {

class ScratchDir {
 public:
  /// @throws std::runtime_error
  ScratchDir();
  ~ScratchDir();
  ScratchDir(const ScratchDir&) = delete;
  ScratchDir& operator=(const ScratchDir&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace holdfast::broker_test
