// A hostile local process: it waits for another process to open a listener on 127.0.0.1 and tries
// to be the first to connect. What it is sent, it tells on its standard output.
//
//   holdfast_test_intruder PID      says "ready", then "dropped" or "received N bytes" for each
//   visit

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace {

constexpr unsigned kListen = 10;  // TCP_LISTEN of the kernel
// What the relay expects of Paho, and an MQTT CONNECT behind it.
using namespace std::string_view_literals;
constexpr auto kGreeting =
    "CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    "\x10\x0d\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x00"sv;

struct Listener {
  unsigned inode;
  std::uint16_t port;
};

// Asks the kernel by sock_diag(7): /proc/net/tcp takes ten times as long.
class ListenerTable {
 public:
  ListenerTable() : socket_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)) {}

  bool read(std::vector<Listener>& listeners) {
    listeners.clear();
    struct {
      nlmsghdr header;
      inet_diag_req_v2 request;
    } question{};
    question.header.nlmsg_len = sizeof question;
    question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    question.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    question.request.sdiag_family = AF_INET;
    question.request.sdiag_protocol = IPPROTO_TCP;
    question.request.idiag_states = 1U << kListen;
    if (::send(socket_, &question, sizeof question, 0) < 0) return false;
    while (true) {
      const ssize_t count = ::recv(socket_, buffer_.data(), buffer_.size(), 0);
      if (count <= 0) return false;
      // Not with the macros of netlink(3): they are full of C casts.
      auto left = static_cast<std::size_t>(count);
      const char* at = buffer_.data();
      while (left >= sizeof(nlmsghdr)) {
        const auto* header = reinterpret_cast<const nlmsghdr*>(at);
        if (header->nlmsg_type == NLMSG_DONE) return true;
        if (header->nlmsg_type == NLMSG_ERROR) return false;
        const auto* entry = reinterpret_cast<const inet_diag_msg*>(at + NLMSG_HDRLEN);
        listeners.push_back({entry->idiag_inode, ntohs(entry->id.idiag_sport)});
        const std::size_t step = NLMSG_ALIGN(header->nlmsg_len);
        if (step == 0 || step > left) break;
        at += step;
        left -= step;
      }
    }
  }

 private:
  int socket_;
  alignas(nlmsghdr) std::array<char, 32'768> buffer_{};
};

bool belongs_to(const std::string& directory, unsigned inode) {
  const std::string wanted = "socket:[" + std::to_string(inode) + "]";
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (std::filesystem::read_symlink(entry.path(), error) == wanted) return true;
  }
  return false;
}

int visit(std::uint16_t port) {
  const int visitor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(visitor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(visitor);  // it came too late: the listener is closed again
    return -1;
  }
  (void)::send(visitor, kGreeting.data(), kGreeting.size(), MSG_NOSIGNAL);
  return visitor;
}

struct Visit {
  int descriptor;
  std::size_t received = 0;
};

// @return true when it is over.
bool follow(Visit& visit) {
  std::array<char, 4'096> buffer{};
  const ssize_t count = ::recv(visit.descriptor, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (count > 0) {
    visit.received += static_cast<std::size_t>(count);
    std::printf("received %zu bytes\n", visit.received);
    return false;
  }
  if (visit.received == 0) std::printf("dropped\n");
  ::close(visit.descriptor);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::string directory = std::string("/proc/") + argv[1] + "/fd";
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  ListenerTable table;
  std::vector<Listener> listeners;
  std::unordered_set<unsigned> known;
  if (!table.read(listeners)) {
    std::printf("no sock_diag here\n");
    return 3;
  }
  for (const Listener& listener : listeners) known.insert(listener.inode);
  std::printf("ready\n");

  std::vector<Visit> visits;
  while (table.read(listeners)) {
    for (const Listener& listener : listeners) {
      if (!known.insert(listener.inode).second) continue;
      if (!belongs_to(directory, listener.inode)) continue;
      if (const int visitor = visit(listener.port); visitor >= 0) visits.push_back({visitor});
    }
    std::erase_if(visits, [](Visit& each) { return follow(each); });
  }
  return 1;
}
