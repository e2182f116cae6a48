// Peers that say nothing, that stop in the middle, that do not read, or that speak in the clear.

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "groups/safety/hostile.hpp"
#include "groups/safety/parts.hpp"
#include "wire/peer_error.hpp"

namespace holdfast::broker_test {
namespace {

// The beginning of a ClientHello of 512 bytes (RFC 8446 section 4.1.2).
constexpr auto kHalfHello = octets("\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03 0123456789abcdef");
// A CONNECT that ends in its protocol name.
constexpr auto kHalfConnect = octets("\x10\x40\x00\x04MQ");

Descriptor connect_plainly(Stage& stage) {
  return connect_to(stage.broker().addresses.front(), stage.deadline().within(stage.patience()));
}

/// A few bytes fit into the buffer of a new connection.
void say(const Descriptor& socket, std::string_view bytes) {
  if (::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) {
    throw PeerError(Ending::reset, "the connection broke while it was written to");
  }
}

bool has_closed(int socket) {
  std::array<char, 4096> bytes{};
  while (true) {
    const auto came = ::recv(socket, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (came == 0) return true;
    if (came < 0) return errno != EAGAIN && errno != EINTR;
  }
}

// A broker's close_notify is a close, though its end of the TCP connection may follow later.
bool has_closed(TlsPeer& peer) {
  try {
    while (true) peer.read(Deadline(Clock::duration::zero()));
  } catch (const PeerError& error) {
    return error.how() != Ending::time_up;
  }
}

// --- Silent peers --------------------------------------------------------------------------------

struct Silent {
  const char* what;
  int socket = -1;
  TlsPeer* tls = nullptr;  ///< null where there is none
  bool closed = false;

  bool has_been_closed() const { return tls != nullptr ? has_closed(*tls) : has_closed(socket); }
};

/// Waits for something to come on one of them, or for a second.
void wait_for_any(const std::vector<Silent>& peers, Deadline deadline) {
  std::vector<pollfd> wanted;
  for (const Silent& one : peers) {
    if (!one.closed) wanted.push_back({one.socket, POLLIN, 0});
  }
  ::poll(wanted.data(), wanted.size(),
         deadline.within(std::chrono::seconds(1)).milliseconds_left());
}

void judge_silence(Finding& finding, std::vector<Silent>& peers, Bystander& bystander,
                   Clock::duration bound) {
  const auto began = Clock::now();
  const Deadline deadline(bound);
  std::size_t open = peers.size();
  while (open > 0 && !deadline.over()) {
    if (!bystander.untouched(finding)) return;
    wait_for_any(peers, deadline);
    for (Silent& one : peers) {
      if (one.closed || !one.has_been_closed()) continue;
      one.closed = true;
      --open;
      const std::chrono::duration<double> took = Clock::now() - began;
      finding.figure(one.what, took.count(), "s");
    }
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(bound).count();
  for (const Silent& one : peers) {
    if (one.closed) continue;
    finding.warn(std::string(one.what) + ": still open after " + std::to_string(seconds) + " s");
  }
}

void silent_peers(Stage& stage, Finding& finding) {
  const Clock::duration bound =
      std::min<Clock::duration>(stage.patience(), std::chrono::seconds(30));
  Bystander bystander(stage);
  const Descriptor tcp = connect_plainly(stage);
  const Descriptor hello = connect_plainly(stage);
  say(hello, kHalfHello);
  const auto tls = stage.open_tls();
  const auto connect = stage.open_tls();
  connect->write(Bytes(kHalfConnect.begin(), kHalfConnect.end()), stage.deadline());
  std::vector<Silent> peers{{"tcp", tcp.get()},
                            {"half_hello", hello.get()},
                            {"no_connect", tls->socket(), tls.get()},
                            {"half_connect", connect->socket(), connect.get()}};
  judge_silence(finding, peers, bystander, bound);
  finding.pass("four peers; the other client was there all the time");
}

// --- Peers that go away --------------------------------------------------------------------------

void broken_handshakes(Stage& stage, Finding& finding) {
  constexpr unsigned kBroken = 100;
  Bystander bystander(stage);
  for (unsigned i = 0; i < kBroken; ++i) {
    const Descriptor socket = connect_plainly(stage);
    say(socket, kHalfHello);
    // With a reset every other time.
    const linger at_once{.l_onoff = i % 2 == 0, .l_linger = 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    if (i % 10 == 9 && !bystander.untouched(finding)) return;
  }
  stage.open_tls();
  if (bystander.untouched(finding)) {
    finding.pass(std::to_string(kBroken) + " handshakes broke off, and the next one worked");
  }
}

// --- In the clear --------------------------------------------------------------------------------

void plain_text(Stage& stage, Finding& finding) {
  Bystander bystander(stage);
  const Descriptor socket = connect_plainly(stage);
  Connect packet{.version = stage.version(), .client_id = stage.client_id("plain")};
  const Bytes bytes = encode(packet);  // without the login: nobody shall read it on the way
  say(socket, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  pollfd wanted{socket.get(), POLLIN, 0};
  const int ready =
      ::poll(&wanted, 1, stage.deadline().within(stage.patience()).milliseconds_left());
  std::array<std::uint8_t, 64> answer{};
  const auto came = ready <= 0 ? 0 : ::recv(socket.get(), answer.data(), answer.size(), 0);
  if (ready <= 0) {
    finding.warn("neither closed nor answered in time");
  } else if (came > 0 && answer[0] >> 4 == static_cast<unsigned>(Type::connack)) {
    finding.fail("the broker answered MQTT in the clear");
  } else {
    finding.pass(came > 0 ? "answered by an alert" : "closed");
  }
  bystander.untouched(finding);
}

// --- A slow reader -------------------------------------------------------------------------------

double milliseconds(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

/// @return the longest round trip; empty where a message of the bystander's was lost, or where
///         nothing could be published any more
std::optional<Clock::duration> flow_past(Stage& stage, Finding& finding, Bystander& bystander,
                                         const std::string& topic) {
  constexpr unsigned kMessages = 5'000;
  constexpr unsigned kBetween = 100;
  const auto publisher = stage.log_in("publisher");
  const auto most = publisher->connack().properties.number(Property::maximum_packet_size);
  const std::string payload(std::min<std::size_t>(2'048, most.value_or(4'096) / 2), 'x');
  Clock::duration longest{};
  for (unsigned i = 0; i < kMessages; ++i) {
    publisher->send({.topic = topic, .payload = payload});
    if (i % kBetween != 0) continue;
    try {
      longest = std::max(longest, bystander.round_trip());
    } catch (const PeerError& error) {
      finding.fail(std::string("another client noticed: ") + error.what());
      return std::nullopt;
    }
  }
  publisher->ping();
  publisher->disconnect();
  return longest;
}

void slow_reader(Stage& stage, Finding& finding) {
  constexpr auto kNoticeable = std::chrono::seconds(1);
  constexpr int kSmallBuffer = 4'096;
  Bystander bystander(stage, Bystander::Sees::own_messages);
  Clock::duration before{};
  for (unsigned i = 0; i < 20; ++i) before = std::max(before, bystander.round_trip());

  const std::string topic = stage.topic("slow");
  const auto reader = stage.log_in("reader");
  // Otherwise the kernel would read for it.
  ::setsockopt(reader->tls().socket(), SOL_SOCKET, SO_RCVBUF, &kSmallBuffer, sizeof kSmallBuffer);
  reader->subscribe(topic, 0);

  const auto during = flow_past(stage, finding, bystander, topic);
  if (!during) return;
  finding.figure("before", milliseconds(before), "ms");
  finding.figure("during", milliseconds(*during), "ms");
  reader->drop();
  if (!bystander.unharmed(finding)) return;
  if (*during > kNoticeable) {
    finding.warn("while one client did not read, another's messages took up to " +
                 std::to_string(static_cast<long>(milliseconds(*during))) + " ms");
  } else {
    finding.pass("5,000 messages passed a client that did not read");
  }
}

}  // namespace

std::vector<Check> safety_peer_checks() {
  return {
      {.id = "safety.broken_handshakes",
       .title = "handshakes that break off leave nothing behind",
       .reference = "RFC 8446 section 6.2; practice",
       .meaning = "Devices with a bad line take connections from the others.",
       .settings = {{"", kNoSettingMends}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = broken_handshakes},
      {.id = "safety.plain_text",
       .title = "the port speaks no MQTT in the clear",
       .reference = "practice",
       .meaning = "A device or tool without TLS works, and sends its password in the clear.",
       .settings = {{"", "one port for TLS, and none besides it"}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = plain_text},
      {.id = "safety.slow_reader",
       .title = "a client that does not read holds up nobody",
       .reference = "practice",
       .meaning = "One device with a bad line slows down the fleet.",
       .settings = {{"mosquitto", "max_queued_messages, max_queued_bytes"},
                    {"EMQX", "mqtt.max_mqueue_len, force_shutdown.max_mailbox_size"}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(120),
       .run = slow_reader},
      {.id = "safety.silent_peers",
       .title = "who connects and says nothing is closed within 30 s",
       .reference = "section 3.1.4 (a CONNECT within a reasonable time); practice",
       .meaning = "Connections run out: whoever reaches the port can take all of them without a "
                  "login. A device that dies in its handshake holds one for hours.",
       .settings = {{"EMQX",
                     "mqtt.idle_timeout = 15s, "
                     "listeners.ssl.default.ssl_options.handshake_timeout = 15s"},
                    {"HiveMQ",
                     "<restrictions><no-connect-idle-timeout>10000"
                     "</no-connect-idle-timeout></restrictions>"},
                    {"RabbitMQ", "ssl_handshake_timeout = 5000"},
                    {"mosquitto",
                     "it has no such limit: let a proxy or a packet filter limit the "
                     "connections of an address"}},
       .needs = Need::invasive,
       .limit = std::chrono::seconds(60),
       .run = silent_peers},
  };
}

}  // namespace holdfast::broker_test
