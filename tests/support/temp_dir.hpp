#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace holdfast::test {

// TempDir is a directory of its own below $TMPDIR (or /tmp), removed with all
// its content when the object ends. Throws std::system_error when it cannot be
// made. Movable: the one moved from owns nothing.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(TempDir&& other) noexcept;
  TempDir& operator=(TempDir&& other) noexcept;
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }

  // write makes or replaces the file `name` (directories on the way are made)
  // and returns its full path. Throws std::runtime_error when it cannot.
  std::filesystem::path write(const std::filesystem::path& name, std::string_view text) const;

 private:
  void remove() noexcept;

  std::filesystem::path path_;
};

// make_directory_in makes a directory with a fresh name below `parent`.
std::filesystem::path make_directory_in(const std::filesystem::path& parent,
                                        std::string_view prefix);

// write_file makes or replaces a file and returns its path; throws
// std::runtime_error when it cannot.
std::filesystem::path write_file(const std::filesystem::path& file, std::string_view text);

// read_file returns the whole content; throws std::runtime_error when it cannot.
std::string read_file(const std::filesystem::path& file);

}  // namespace holdfast::test
