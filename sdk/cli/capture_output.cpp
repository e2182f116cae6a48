#include "capture_output.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <system_error>
#include <utility>

#include "command.hpp"

namespace holdfast::cli {
namespace {

constexpr std::size_t kLeastBlock = 12;
constexpr std::size_t kMostBlock = std::size_t{1} * 1024 * 1024;
constexpr std::uint32_t kStatistics = 5;
constexpr std::uint32_t kPacket = 6;
constexpr int kLookMs = 100;

// The device writes little-endian, whatever the host is.
std::uint64_t little(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i > 0; --i) {
    value = value << 8 | static_cast<unsigned char>(bytes[at + i - 1]);
  }
  return value;
}

// A SYN without ACK begins a connection; the packet is bare IP with TCP in it.
bool begins_connection(std::string_view packet) {
  if (packet.empty()) return false;
  const std::size_t ip = static_cast<unsigned char>(packet[0]) >> 4 == 6 ? 40 : 20;
  return packet.size() > ip + 13 && (static_cast<unsigned char>(packet[ip + 13]) & 0x12) == 0x02;
}

std::uint64_t dropped_in(std::string_view options) {
  constexpr std::uint64_t kDropped = 5;
  while (options.size() >= 4) {
    const std::size_t size = little(options, 2, 2);
    if (options.size() < 4 + size) return 0;
    if (little(options, 0, 2) == kDropped && size == 8) return little(options, 4, 8);
    options.remove_prefix(std::min(options.size(), 4 + (size + 3) / 4 * 4));
  }
  return 0;
}

}  // namespace

void CaptureOutput::check(const std::string& name, bool replace) {
  if (name == "-") {
    if (::isatty(STDOUT_FILENO) == 1) {
      refuse("a capture is no text for a terminal", "stdout",
             "name a file with --out, or pipe into: wireshark -k -i -");
    }
    return;
  }
  struct stat facts {};
  if (::lstat(name.c_str(), &facts) != 0) return;
  if (!replace) refuse("--out is there already", name, "name another, or add --force");
  if (!S_ISREG(facts.st_mode)) {
    refuse("--out is no regular file", name, "name another; a pipe is written with --out - > PIPE");
  }
}

CaptureOutput::CaptureOutput(std::string name, bool replace) : name_(std::move(name)) {
  if (name_ == "-") return;
  check(name_, replace);
  // A new file, because the old one may be open to others.
  if (replace && ::unlink(name_.c_str()) != 0 && errno != ENOENT) fail(errno);
  file_ =
      Descriptor(::open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (file_.get() < 0) fail(errno);
}

int CaptureOutput::descriptor() const {
  return name_ == "-" ? STDOUT_FILENO : file_.get();
}

void CaptureOutput::fail(int error) const {
  refuse((name_ == "-" ? std::string("stdout") : name_) + " cannot be written",
         std::error_code(error, std::generic_category()).message(),
         error == ENOSPC ? "make room on the file system; what is there can be read"
                         : "name another --out");
}

bool CaptureOutput::take(std::string_view bytes, const std::function<bool()>& gives_up) {
  rest_.append(bytes);
  std::size_t whole = 0;
  const std::string_view all = rest_;
  while (all.size() - whole >= kLeastBlock) {
    const std::size_t size = little(all, whole + 4, 4);
    if (size < kLeastBlock || size % 4 != 0 || size > kMostBlock) {
      throw CommandError(kNotReachable, "the device sent what is no capture",
                         "a block of " + std::to_string(size) + " bytes",
                         "use the holdfast command of the release that the device runs");
    }
    if (all.size() - whole < size) break;
    count(all.substr(whole, size));
    whole += size;
  }
  const bool written = write(all.substr(0, whole), gives_up);
  rest_.erase(0, whole);
  return written;
}

void CaptureOutput::count(std::string_view block) {
  constexpr std::size_t kPacketHead = 28;
  const auto type = little(block, 0, 4);
  if (type == kPacket && block.size() > kPacketHead) {
    ++sums_.packets;
    if (begins_connection(block.substr(kPacketHead))) ++sums_.connections;
  } else if (type == kStatistics && block.size() > 24) {
    sums_.dropped = dropped_in(block.substr(20, block.size() - 24));
    sums_.whole = true;
  }
}

// A pipe that can be written takes PIPE_BUF bytes without waiting (pipe(7)): Ctrl-C works also
// while nobody reads.
bool CaptureOutput::write(std::string_view bytes, const std::function<bool()>& gives_up) {
  while (!bytes.empty()) {
    pollfd out{descriptor(), POLLOUT, 0};
    if (::poll(&out, 1, kLookMs) == 0) {
      if (gives_up()) return false;
      continue;
    }
    const ssize_t count =
        ::write(descriptor(), bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF));
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0 && errno == EPIPE) return false;
    if (count < 0) fail(errno);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void CaptureOutput::sync() {
  if (name_ == "-") return;
  if (::fsync(file_.get()) != 0) fail(errno);
}

}  // namespace holdfast::cli
