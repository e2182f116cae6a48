// Screen: lines that scroll, and on a terminal one status line that stays below them. Where stdout
// is no terminal there are only plain lines.

#pragma once

#include <string>

namespace view {

/// One thread at a time. What was printed is flushed.
class Screen {
 public:
  Screen();
  /// Takes the status line away.
  ~Screen() { clear_status(); }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  void print(const std::string& line);
  void set_status(const std::string& status);
  void clear_status();
  /// False once the reader of stdout has gone away.
  bool is_open() const;

 private:
  void draw_status() const;

  bool is_terminal_;
  std::string status_;
};

}  // namespace view
