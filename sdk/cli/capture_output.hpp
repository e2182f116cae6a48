// Where a capture goes to: a new file, or stdout. It gets whole blocks only, so that it can be read
// whenever the writing ends.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/descriptor.hpp"

namespace holdfast::cli {

struct CaptureSums {
  std::uint64_t packets = 0;
  std::uint64_t connections = 0;
  std::uint64_t dropped = 0;  ///< as the device tells at the end
  bool whole = false;         ///< it has told
};

class CaptureOutput {
 public:
  /// @param name "-": stdout  @param replace a regular file of this name makes room
  /// @throws CommandError for what would be overwritten, and for a terminal
  static void check(const std::string& name, bool replace);
  /// Makes the file, for its owner alone. @throws CommandError
  CaptureOutput(std::string name, bool replace);

  int descriptor() const;
  /// @param gives_up is asked while the reader of a pipe is slow
  /// @return false: the reader has gone, or is given up  @throws CommandError
  bool take(std::string_view bytes, const std::function<bool()>& gives_up);
  /// Has the file on the disk. @throws CommandError
  void sync();

  const CaptureSums& sums() const { return sums_; }

 private:
  void count(std::string_view block);
  bool write(std::string_view bytes, const std::function<bool()>& gives_up);
  [[noreturn]] void fail(int error) const;

  const std::string name_;
  Descriptor file_;
  std::string rest_;  // the beginning of a block
  CaptureSums sums_;
};

}  // namespace holdfast::cli
