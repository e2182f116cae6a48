#include "screen.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

namespace view {
namespace {

constexpr const char* kEraseLine = "\r\x1b[K";

/// A line that wraps cannot be taken back with \r.
std::size_t terminal_columns() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 2) return 80;
  return size.ws_col;
}

}  // namespace

Screen::Screen() : is_terminal_(::isatty(STDOUT_FILENO) == 1) {}

void Screen::print(const std::string& line) {
  if (!status_.empty()) std::fputs(kEraseLine, stdout);
  std::printf("%s\n", line.c_str());
  draw_status();
  std::fflush(stdout);
}

void Screen::set_status(const std::string& status) {
  if (!is_terminal_) return;
  status_ = status;
  std::fputs(kEraseLine, stdout);
  draw_status();
  std::fflush(stdout);
}

void Screen::clear_status() {
  if (status_.empty()) return;
  status_.clear();
  std::fputs(kEraseLine, stdout);
  std::fflush(stdout);
}

bool Screen::is_open() const {
  return std::ferror(stdout) == 0;
}

void Screen::draw_status() const {
  if (!status_.empty()) std::fputs(status_.substr(0, terminal_columns() - 1).c_str(), stdout);
}

}  // namespace view
