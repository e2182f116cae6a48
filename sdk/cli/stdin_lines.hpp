// Lines of stdin, taken as they come and never more than asked for.

#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace holdfast::cli {

class StdinLines {
 public:
  /// The next line that is there already, without its end; a last line needs none.
  /// @throws CommandError for a line longer than a payload may be.
  std::optional<std::string> next();

  /// Reads once; to be called when stdin can be read. @throws CommandError
  void fill();

  bool ended() const { return ended_ && at_ == buffer_.size(); }
  /// More of stdin is needed before `next` has another one.
  bool hungry() const { return !ended_; }

 private:
  std::string buffer_;
  std::size_t at_ = 0;  // behind the last line that was taken
  std::size_t lines_ = 0;
  bool ended_ = false;
};

}  // namespace holdfast::cli
