#include "stdin_lines.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include <holdfast/limits.hpp>

#include "command.hpp"

namespace holdfast::cli {

std::optional<std::string> StdinLines::next() {
  const auto end = buffer_.find('\n', at_);
  const bool last = end == std::string::npos;
  if (last && (!ended_ || at_ == buffer_.size())) {
    if (buffer_.size() - at_ <= limits::kMaxPayloadBytes) return std::nullopt;
  }
  std::string line = buffer_.substr(at_, last ? std::string::npos : end - at_);
  ++lines_;
  if (line.size() > limits::kMaxPayloadBytes) {
    refuse("line " + std::to_string(lines_) + " of stdin is too long",
           "more than " + std::to_string(limits::kMaxPayloadBytes) + " bytes",
           "send it in parts, or as a whole with --message-file");
  }
  at_ = last ? buffer_.size() : end + 1;
  return line;
}

void StdinLines::fill() {
  buffer_.erase(0, at_);
  at_ = 0;
  std::array<char, 65'536> bytes{};
  const auto count = ::read(STDIN_FILENO, bytes.data(), bytes.size());
  if (count < 0 && errno != EINTR && errno != EAGAIN) {
    refuse("stdin cannot be read", std::strerror(errno), "");
  }
  if (count == 0) ended_ = true;
  if (count > 0) buffer_.append(bytes.data(), static_cast<std::size_t>(count));
}

}  // namespace holdfast::cli
