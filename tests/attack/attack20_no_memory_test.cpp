// Memory runs out inside the handshake, at its first allocation, at its second, and so on to its
// last: is a connection then closed, and never open to whoever is there? A program of its own,
// because the allocators of the whole process are replaced.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>

#include "attack/allocation_fuse.hpp"
#include "channel/channel.hpp"
#include "channel/tls_session.hpp"
#include "support/hostile_tls_server.hpp"

namespace holdfast::test {
namespace {

using namespace std::chrono_literals;
using channel::Channel;
using channel::TlsContext;
using channel::TlsSession;

constexpr auto kBound = 30s;
constexpr std::string_view kSecret = "CONNECT";
// A handshake has some hundreds of allocations.
constexpr std::size_t kMostAllocations = 20'000;

class Socket {
 public:
  explicit Socket(std::uint16_t port) : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval bound{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof bound);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("the test's server does not accept");
    }
  }
  ~Socket() { ::close(descriptor_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  void flush(TlsSession& session) const {
    while (!session.output().empty()) {
      const auto output = session.output();
      const ssize_t count = ::send(descriptor_, output.data(), output.size(), MSG_NOSIGNAL);
      if (count <= 0) return;
      session.sent(static_cast<std::size_t>(count));
    }
  }
  // False at the end of the stream.
  bool feed(TlsSession& session) const {
    std::array<std::uint8_t, 16384> buffer;  // NOLINT: filled by recv
    const ssize_t count = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (count <= 0) return false;
    session.feed(std::span(buffer).first(static_cast<std::size_t>(count)));
    return true;
  }

 private:
  int descriptor_;
};

struct Outcome {
  bool verified = false;
  bool refused = false;  // a channel said why it closed
  bool threw = false;
  bool wrote = false;
  bool struck = false;
  std::size_t allocations = 0;
};

class Attack20Test : public testing::TestWithParam<std::tuple<Allocator, Strikes>> {
 protected:
  Attack20Test()
      : key_(self_signed(dir_, KeyType::p256, "localhost")),
        other_(self_signed(dir_, KeyType::p256, "localhost")),
        server_(std::make_unique<HostileTlsServer>(correct_server(key_))) {}

  static pinning::SharedKeys keys_of(const std::string& pin) {
    return std::make_shared<const pinning::TrustedKeys>(
        pinning::PinSet({pin}, PinCount::one_is_enough));
  }

  // Everything that a channel does with a session, and then what it must not be able to do. All
  // under the fuse: nothing here allocates but the session.
  static void drive(std::optional<TlsSession>& session, const TlsContext& context,
                    const pinning::SharedKeys& keys, const Socket& socket, Outcome& outcome) {
    try {
      session.emplace(context, std::string(), keys);
      Failure failure;
      auto step = TlsSession::Step::need_input;
      while (true) {
        step = session->handshake(failure);
        socket.flush(*session);
        if (step != TlsSession::Step::need_input || !socket.feed(*session)) break;
      }
    } catch (const std::exception&) {
      outcome.threw = true;
    }
    if (!session) return;
    // Somebody who did not look at the answer goes on.
    try {
      Failure failure;
      if (outcome.threw) session->handshake(failure);
    } catch (const std::exception&) {
      outcome.threw = true;
    }
    try {
      outcome.wrote = !session->write(std::as_bytes(std::span(kSecret)));
    } catch (const std::exception&) {
      outcome.threw = true;
    }
    socket.flush(*session);
    outcome.verified = session->verified();
  }

  Outcome shake_hands(const std::string& pin, Allocator allocator, std::size_t nth,
                      Strikes strikes) {
    const auto keys = keys_of(pin);
    Outcome outcome;
    {
      const Socket socket(server_->port());
      std::optional<TlsSession> session;
      const AllocationFuse fuse(allocator, nth, strikes);
      drive(session, context_, keys, socket, outcome);
      outcome.struck = fuse.struck();
      outcome.allocations = fuse.count();
    }
    channel::free_thread_caches();
    return outcome;
  }

  // A whole channel. An exception that leaves the loop would end a device's process.
  Outcome run_channel(const std::string& pin, Allocator allocator, std::size_t nth,
                      Strikes strikes) {
    Outcome outcome;
    asio::io_context loop(1);
    const auto channel = std::make_shared<Channel>(loop.get_executor(), context_, std::string(),
                                                   keys_of(pin), Timeouts());
    channel->open({asio::ip::address_v4::loopback(), server_->port()},
                  {.opened =
                       [&] {
                         outcome.verified = true;
                         outcome.wrote = !channel->write(std::as_bytes(std::span(kSecret)));
                         channel->close();
                       },
                   .data = nullptr,
                   .writable = nullptr,
                   .closed = [&](Failure failure) { outcome.refused = bool(failure); }});
    const AllocationFuse fuse(allocator, nth, strikes);
    try {
      loop.run();
    } catch (const std::exception&) {
      outcome.threw = true;
    }
    outcome.struck = fuse.struck();
    outcome.allocations = fuse.count();
    return outcome;
  }

  // What the server has heard in the connection that was made last.
  HeardFromClient heard() {
    ++connections_;
    EXPECT_TRUE(server_->wait_for_ended(connections_, kBound));
    return server_->heard().at(connections_ - 1);
  }

  void expect_a_good_handshake() {
    const Outcome outcome =
        shake_hands(key_.pin, Allocator::operator_new, kMostAllocations, Strikes::once);
    EXPECT_TRUE(outcome.verified);
    EXPECT_TRUE(outcome.wrote);
    EXPECT_FALSE(outcome.threw);
    EXPECT_EQ(heard().application_data, kSecret);
  }

  TempDir dir_;
  Identity key_;
  Identity other_;
  TlsContext context_;
  std::unique_ptr<HostileTlsServer> server_;
  std::size_t connections_ = 0;
};

TEST_P(Attack20Test, Attack20_AWrongPinIsNeverVerified) {
  const auto [allocator, strikes] = GetParam();
  std::size_t nth = 0;
  Outcome outcome;
  do {
    outcome = shake_hands(other_.pin, allocator, ++nth, strikes);
    EXPECT_FALSE(outcome.verified);
    EXPECT_FALSE(outcome.wrote);
    EXPECT_TRUE(heard().told_nothing());
    if (HasFailure()) FAIL() << "allocation " << nth;
  } while (outcome.struck && nth < kMostAllocations);
  EXPECT_FALSE(outcome.struck) << "a handshake without end";
  EXPECT_FALSE(outcome.threw);
  EXPECT_GT(nth, 3u) << "the fuse was never lit";
  RecordProperty("allocations", std::to_string(nth - 1));
  expect_a_good_handshake();
}

TEST_P(Attack20Test, Attack20_TheRightPinIsVerifiedOrFails) {
  const auto [allocator, strikes] = GetParam();
  std::size_t nth = 0;
  std::size_t failed = 0;
  Outcome outcome;
  do {
    outcome = shake_hands(key_.pin, allocator, ++nth, strikes);
    const HeardFromClient peer = heard();
    EXPECT_EQ(peer.undecipherable_records, 0u);
    // Only over a verified session, whose Finished the peer has seen.
    if (!peer.application_data.empty()) {
      EXPECT_TRUE(outcome.verified && peer.finished);
    }
    if (outcome.wrote) {
      EXPECT_EQ(peer.application_data, kSecret);
    }
    if (!outcome.verified) ++failed;
    if (HasFailure()) FAIL() << "allocation " << nth;
  } while (outcome.struck && nth < kMostAllocations);
  EXPECT_FALSE(outcome.struck) << "a handshake without end";
  EXPECT_TRUE(outcome.verified);
  EXPECT_GT(failed, 0u) << "no failure was ever felt";
  RecordProperty("allocations", std::to_string(nth - 1));
  expect_a_good_handshake();
}

TEST_P(Attack20Test, Attack20_AChannelClosesAndGoesOn) {
  const auto [allocator, strikes] = GetParam();
  for (const bool is_right : {false, true}) {
    std::size_t nth = 0;
    Outcome outcome;
    do {
      outcome = run_channel(is_right ? key_.pin : other_.pin, allocator, ++nth, strikes);
      EXPECT_FALSE(outcome.threw);
      EXPECT_TRUE(outcome.verified || outcome.refused) << "nobody was told";
      const HeardFromClient peer = heard();
      if (!is_right) {
        EXPECT_FALSE(outcome.verified);
        EXPECT_TRUE(peer.told_nothing());
      }
      if (outcome.wrote) {
        EXPECT_EQ(peer.application_data, kSecret);
      }
      if (HasFailure()) FAIL() << "allocation " << nth << (is_right ? ", right pin" : "");
    } while (outcome.struck && nth < kMostAllocations);
    EXPECT_EQ(outcome.verified, is_right);
    EXPECT_GT(nth, 3u) << "the fuse was never lit";
  }
  expect_a_good_handshake();
}

TEST_P(Attack20Test, Attack20_WithoutAFailure_Good) {
  const auto [allocator, strikes] = GetParam();
  const Outcome outcome = shake_hands(key_.pin, allocator, kMostAllocations, strikes);
  EXPECT_TRUE(outcome.verified);
  EXPECT_TRUE(outcome.wrote);
  EXPECT_FALSE(outcome.struck);
  EXPECT_GT(outcome.allocations, 0u) << "the fuse is not connected";
  EXPECT_EQ(heard().application_data, kSecret);
}

std::string name_of(const testing::TestParamInfo<std::tuple<Allocator, Strikes>>& of) {
  const auto [allocator, strikes] = of.param;
  return std::string(allocator == Allocator::wolfssl ? "OfWolfssl" : "OfOperatorNew") +
         (strikes == Strikes::once ? "Once" : "FromThenOn");
}

INSTANTIATE_TEST_SUITE_P(Memory, Attack20Test,
                         testing::Combine(testing::Values(Allocator::operator_new,
                                                          Allocator::wolfssl),
                                          testing::Values(Strikes::once, Strikes::from_then_on)),
                         name_of);

}  // namespace
}  // namespace holdfast::test
