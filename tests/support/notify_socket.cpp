#include "support/notify_socket.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sstream>
#include <system_error>

namespace holdfast::test {

NotifySocket::NotifySocket(Kind kind)
    : name_(kind == Kind::kPath ? (dir_.path() / "notify").string()
                                : "@holdfast-test" + dir_.path().string()) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name_.size() >= sizeof(address.sun_path)) {
    throw std::system_error(ENAMETOOLONG, std::generic_category(), name_);
  }
  std::memcpy(address.sun_path, name_.data(), name_.size());
  if (kind == Kind::kAbstract) address.sun_path[0] = '\0';
  fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
  if (fd_ < 0 || ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), size) != 0) {
    throw std::system_error(errno, std::generic_category(), name_);
  }
}

NotifySocket::~NotifySocket() {
  if (fd_ >= 0) ::close(fd_);
}

// One datagram may have several assignments, one a line.
bool NotifySocket::receive(std::chrono::milliseconds bound) {
  pollfd polled{.fd = fd_, .events = POLLIN, .revents = 0};
  if (::poll(&polled, 1, static_cast<int>(bound.count())) <= 0) return false;
  std::array<char, 4096> bytes{};
  const ssize_t got = ::recv(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (got < 0) return false;
  std::istringstream lines(std::string(bytes.data(), static_cast<std::size_t>(got)));
  for (std::string line; std::getline(lines, line);) assignments_.push_back(line);
  return true;
}

std::optional<std::string> NotifySocket::wait_for(std::string_view beginning,
                                                  std::chrono::milliseconds bound) {
  const auto end = std::chrono::steady_clock::now() + bound;
  for (;;) {
    while (taken_ < assignments_.size()) {
      const std::string& one = assignments_[taken_++];
      if (one.starts_with(beginning)) return one;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    if (left.count() <= 0 || !receive(left)) return std::nullopt;
  }
}

const std::vector<std::string>& NotifySocket::all() {
  while (receive(std::chrono::milliseconds(0))) {
  }
  return assignments_;
}

}  // namespace holdfast::test
