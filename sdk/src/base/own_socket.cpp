#include "base/own_socket.hpp"

#include <dirent.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <charconv>
#include <memory>
#include <string_view>
#include <system_error>

namespace holdfast {
namespace {

using NameCall = int (*)(int, sockaddr*, socklen_t*);

std::optional<sockaddr_in> name_by(NameCall call, int descriptor) {
  sockaddr_in name{};
  socklen_t size = sizeof name;
  if (call(descriptor, reinterpret_cast<sockaddr*>(&name), &size) != 0) return std::nullopt;
  if (size != sizeof name || name.sin_family != AF_INET) return std::nullopt;
  return name;
}

bool equal(const std::optional<sockaddr_in>& a, const std::optional<sockaddr_in>& b) {
  return a && b && a->sin_port == b->sin_port && a->sin_addr.s_addr == b->sin_addr.s_addr;
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

}  // namespace

std::optional<int> find_own_peer(int accepted) {
  const auto here = name_by(::getsockname, accepted);
  const auto there = name_by(::getpeername, accepted);
  const std::unique_ptr<DIR, CloseDirectory> directory(::opendir("/proc/self/fd"));
  if (!here || !there || !directory) return std::nullopt;
  // readdir is unsafe only for a directory stream that threads share; this one is ours.
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name(entry->d_name);
    int descriptor = -1;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), descriptor);
    if (error != std::errc() || end != name.data() + name.size()) continue;
    if (equal(name_by(::getsockname, descriptor), there) &&
        equal(name_by(::getpeername, descriptor), here)) {
      return descriptor;
    }
  }
  return std::nullopt;
}

}  // namespace holdfast
