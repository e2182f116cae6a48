// What does an hour cost in which nothing is sent? The bytes of one probe and of one ping are taken
// from the kernel's counters of real connections; how many an hour takes, from the session's own
// logic in virtual time. Beside libmosquitto with its usual keep-alive of 60 s.
//
//   holdfast_bench_idle

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>

#include <holdfast/device.hpp>

#include "bench/clients/mosquitto_client.hpp"
#include "bench/contenders.hpp"
#include "bench/harness.hpp"
#include "channel/wire_sample.hpp"
#include "session/session.hpp"
#include "support/event_wait.hpp"
#include "support/keys.hpp"
#include "support/mosquitto.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::bench {
namespace {

using namespace std::chrono_literals;
using test::eventually;

constexpr auto kBound = 60s;

std::uint64_t ip_bytes(int socket) {
  const auto wire = channel::bill_wire(socket, false);
  if (!wire) give_up("this kernel does not tell what a connection has cost");
  return wire->ip_bytes();
}

std::uint64_t segments(int socket) {
  const auto wire = channel::bill_wire(socket, false);
  return wire ? wire->segments() : 0;
}

// --- One of each, on a real connection -----------------------------------------------------------

double probe_bytes(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    give_up("no connection for the probes");
  }
  const int one = 1;
  (void)::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &one, sizeof one);
  (void)::setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &one, sizeof one);
  const std::uint64_t bytes = ip_bytes(socket);
  const std::uint64_t before = segments(socket);
  (void)::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
  constexpr std::uint64_t kProbes = 3;
  if (!eventually([&] { return segments(socket) >= before + 2 * kProbes; }, kBound)) {
    give_up("no probes were sent");
  }
  const double each = static_cast<double>(ip_bytes(socket) - bytes) / kProbes;
  ::close(socket);
  return each;
}

// Waits until the connection has cost more and is silent again. @return what it has cost by then
template <class Cost>
std::uint64_t wait_for_more(Cost cost, std::uint64_t than) {
  if (!eventually([&] { return cost() > than; }, kBound)) give_up("no ping came");
  std::uint64_t last = cost();
  auto since = std::chrono::steady_clock::now();
  const bool silent = eventually(
      [&] {
        const std::uint64_t now = cost();
        if (now != last) since = std::chrono::steady_clock::now();
        last = now;
        return std::chrono::steady_clock::now() - since > 300ms;
      },
      kBound);
  if (!silent) give_up("the connection does not fall silent");
  return last;
}

double holdfast_ping_bytes(const Target& target) {
  Options options = holdfast_options(target, "bench-idle");
  options.reachable_within = 10s;
  options.timeouts.response = 5s;  // a ping each 5 s
  Device device(options);
  test::EventLog<EventKind> events;
  device.on_event([&](const Event& event) { events.append(event.kind); });
  device.subscribe("bench/idle", [](const Message&) {});
  device.start();
  const bool up = events.wait_for(
      [](const auto& kinds) {
        return std::find(kinds.begin(), kinds.end(), EventKind::subscribed) != kinds.end();
      },
      kBound);
  if (!up) give_up("the device did not come up");
  const auto cost = [&] { return device.ledger().ip_bytes(); };
  const std::uint64_t rest = wait_for_more(cost, 0);
  return static_cast<double>(wait_for_more(cost, rest) - rest);
}

double mosquitto_ping_bytes(const Target& target) {
  const MosquittoClient client(target, {.keep_alive_s = 5});  // the least that it takes
  const auto cost = [&] { return ip_bytes(client.socket()); };
  const std::uint64_t rest = wait_for_more(cost, 0);
  return static_cast<double>(wait_for_more(cost, rest) - rest);
}

// --- How many an hour takes ----------------------------------------------------------------------

struct Hour {
  std::size_t pings = 0;
  std::size_t probes = 0;
};

class VirtualLine {
 public:
  explicit VirtualLine(std::optional<std::chrono::seconds> reachable_within)
      : session_(config(reachable_within), [] { return 0.5; }) {
    session_.load(now_, {.reachable = reachable_within.has_value(), .oldest_ack = std::nullopt});
    session_.start(now_);
    serve();
    session_.dialled(now_);
    session_.logged_in(now_, {});
    serve();
  }

  Hour run(Duration time) {
    count_ = Hour{};
    const Instant end = now_ + time;
    while (true) {
      Instant at = end;
      if (const auto next = session_.tick(now_)) at = std::min(at, *next);
      serve();
      const Instant probe = last_on_wire_ + probing_;
      if (probing_ > 0s && probe < at) {
        now_ = last_on_wire_ = probe;
        ++count_.probes;
        continue;
      }
      now_ = at;
      if (now_ == end) return count_;
    }
  }

 private:
  static session::Config config(std::optional<std::chrono::seconds> reachable_within) {
    session::Config config;
    if (reachable_within) config.reachable_within = *reachable_within;
    return config;
  }

  // A line that answers at once.
  void serve() {
    for (const session::Action& action : session_.take_actions()) {
      if (const auto* probe = std::get_if<session::Probe>(&action)) probing_ = probe->after;
      if (!std::holds_alternative<session::Ping>(action)) continue;
      ++count_.pings;
      last_on_wire_ = now_;
      session_.received(now_);
    }
  }

  session::Session session_;
  Instant now_ = Instant(1'000h);
  Instant last_on_wire_ = now_;
  std::chrono::seconds probing_{0};
  Hour count_;
};

}  // namespace

int run() {
  const test::TempDir dir;
  const test::Identity key = test::self_signed(dir, test::KeyType::p256, "localhost");
  test::Mosquitto broker({.tls = key});
  broker.start();
  const Target target{broker.tls_port(), key.pin, key.cert_file.string()};
  const double probe = probe_bytes(broker.plain_port());
  const double ping = holdfast_ping_bytes(target);
  const double rival = mosquitto_ping_bytes(target);
  std::printf("IP bytes of one round trip: probe %.0f, ping %.0f, libmosquitto's ping %.0f\n\n",
              probe, ping, rival);
  std::printf("%-18s %22s %22s\n", "reachable_within", "first hour", "after a day in the network");
  struct Row {
    const char* name;
    std::optional<std::chrono::seconds> within;
  };
  for (const Row& row : {Row{"1 min", 60s}, Row{"5 min", 300s}, Row{"15 min", 900s},
                         Row{"60 min", 3'600s}, Row{"none", std::nullopt}}) {
    VirtualLine line(row.within);
    const Hour first = line.run(1h);
    line.run(24h);
    // Ten hours, for an hour has no whole number of most intervals.
    const Hour later = line.run(10h);
    const auto bytes = [&](const Hour& hour) {
      return static_cast<double>(hour.pings) * ping + static_cast<double>(hour.probes) * probe;
    };
    std::printf("%-18s %8.0f (%2zu + %2zu) %17.0f (%.1f + %.1f)\n", row.name, bytes(first),
                first.pings, first.probes, bytes(later) / 10, static_cast<double>(later.pings) / 10,
                static_cast<double>(later.probes) / 10);
  }
  std::printf("%-18s %8.0f (60 +  0)\n", "libmosquitto, 60 s", 60 * rival);
  std::printf("\nIn brackets: pings + probes.\n");
  return 0;
}

}  // namespace holdfast::bench

int main() {
  return holdfast::bench::run();
}
