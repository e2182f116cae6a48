#include "dial.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>
#include <utility>

#include "command.hpp"

namespace holdfast::cli {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

// What a lookup leaves, shared with a thread that may outlive the one who asked.
struct Lookup {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  int error = 0;
  Addresses addresses;
};

[[noreturn]] void fail(const std::string& what, const std::string& value, const char* mend) {
  throw CommandError(kNotReachable, what, value, mend);
}

// getaddrinfo has no bound of its own, so it runs on a thread that may be left behind.
Addresses resolve(const channel::BrokerUrl& server, Deadline deadline) {
  const auto lookup = std::make_shared<Lookup>();
  std::thread([lookup, host = server.host, port = std::to_string(server.port)] {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* list = nullptr;
    const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
    const std::lock_guard lock(lookup->mutex);
    lookup->done = true;
    lookup->error = error;
    if (error == 0) lookup->addresses.reset(list);
    lookup->changed.notify_all();
  }).detach();
  std::unique_lock lock(lookup->mutex);
  if (!lookup->changed.wait_until(lock, deadline, [&] { return lookup->done; })) {
    fail(server.host + " was not resolved in time", "",
         "check the name server, or raise --timeout");
  }
  if (lookup->error != 0) {
    fail(server.host + " has no address", ::gai_strerror(lookup->error), "check the name");
  }
  return std::move(lookup->addresses);
}

std::string text_of(const addrinfo& address, std::uint16_t port) {
  std::array<char, NI_MAXHOST> host{};
  if (::getnameinfo(address.ai_addr, address.ai_addrlen, host.data(), host.size(), nullptr, 0,
                    NI_NUMERICHOST) != 0) {
    return "?";
  }
  channel::BrokerUrl url{.host = host.data(), .port = port, .is_ip_literal = true};
  return url.text();
}

// 0, or the reason why not.
int connect_by(int fd, const addrinfo& address, Deadline deadline) {
  if (::connect(fd, address.ai_addr, address.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  if (!wait_for(fd, Wait::to_write, deadline)) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace

Socket::~Socket() {
  if (fd_ >= 0) ::close(fd_);
}

Socket::Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

bool wait_for(int fd, Wait what, Deadline deadline) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() < 0) return false;
    pollfd waiting{
        .fd = fd, .events = what == Wait::to_read ? short{POLLIN} : short{POLLOUT}, .revents = 0};
    // A millisecond more than is left: poll rounds down, and would be asked in a tight loop.
    const int ready =
        ::poll(&waiting, 1, static_cast<int>(std::min<std::int64_t>(left.count() + 1, 3'600'000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

Dialled dial(const channel::BrokerUrl& server, Deadline deadline) {
  const Addresses addresses = resolve(server, deadline);
  std::string failures;
  for (const addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next) {
    Socket socket(::socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const std::string text = text_of(*address, server.port);
    const int error = socket.get() < 0 ? errno : connect_by(socket.get(), *address, deadline);
    if (error == 0) return {.socket = std::move(socket), .address = text};
    failures += (failures.empty() ? "" : ", ") + text + ": " + std::strerror(error);
  }
  fail(server.text() + " cannot be reached", failures, "check host, port and network");
}

}  // namespace holdfast::cli
