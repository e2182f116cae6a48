#include "observe/socket_path.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace holdfast::observe {

SocketPath::SocketPath(const std::filesystem::path& directory, const std::string& name) {
  constexpr std::size_t kMost = sizeof(sockaddr_un::sun_path) - 1;
  std::string whole = (directory / name).string();
  if (whole.size() <= kMost) {
    text_ = std::move(whole);
    return;
  }
  directory_ = Descriptor(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (directory_.get() < 0) return;
  text_ = "/proc/self/fd/" + std::to_string(directory_.get()) + "/" + name;
}

Descriptor connect_to_status(const std::filesystem::path& state_dir,
                             std::chrono::milliseconds patience) {
  const SocketPath path(state_dir, kStatusSocket);
  if (path.text().empty()) return Descriptor();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.text().data(), path.text().size());
  const bool waits = patience.count() > 0;
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (waits ? 0 : SOCK_NONBLOCK), 0));
  const timeval bound{patience.count() / 1'000, patience.count() % 1'000 * 1'000};
  if (waits) ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof bound);
  if (socket.get() < 0 ||
      ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int why = errno;
    socket = Descriptor();
    errno = why;
  }
  return socket;
}

}  // namespace holdfast::observe
