// How much does the dialler rest on the name service? It asks once, then lives on what it knows.

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <asio/io_context.hpp>

#include "channel/dialer.hpp"
#include "support/keys.hpp"
#include "support/mosquitto.hpp"
#include "support/temp_dir.hpp"
#include "support/tls_server.hpp"

namespace holdfast::test {
namespace {

using namespace std::chrono_literals;
using channel::Endpoints;

// A TLS server on each of several loopback addresses, all on the same port, and a name service that
// says what the test wants.
class LookupTest : public testing::Test {
 protected:
  std::unique_ptr<Mosquitto> serve(const std::string& address, const Identity& identity) {
    auto broker = std::make_unique<Mosquitto>(
        MosquittoOptions{.tls = identity,
                         .plain_listener = false,
                         .tls_extra_lines = {"listener " + std::to_string(port_) + " " + address,
                                             "certfile " + identity.cert_file.string(),
                                             "keyfile " + identity.key_file.string()}});
    broker->start();
    return broker;
  }

  void make_dialer(std::chrono::seconds lifetime) {
    dialer_ = std::make_unique<channel::Dialer>(
        io_.get_executor(),
        channel::BrokerUrl{.host = "broker.test", .port = port_, .is_ip_literal = false},
        Timeouts{}, channel::TlsPolicy{},
        channel::Dialer::Events{.bill = [](const channel::ChannelBill&) {},
                                .refused_key = [this](const pinning::Pin&) { ++refused_; },
                                .warning = [](const std::string&) {}},
        [this](const std::string&, std::uint16_t port, Failure& failure) {
          ++lookups_;
          const std::lock_guard lock(mutex_);
          Endpoints endpoints;
          for (const std::string& address : answer_) {
            endpoints.emplace_back(asio::ip::make_address(address), port);
          }
          if (endpoints.empty()) failure = Failure(Errc::name_not_resolved, "said the test");
          return endpoints;
        },
        channel::Reach{.address_lifetime = lifetime});
  }
  void answer(std::vector<std::string> addresses) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(addresses);
  }

  // @return where the connection leads to; empty, and `failure_` set, if there is none
  std::string dial() {
    std::optional<std::string> result;
    dialer_->dial(keys_, [&](const std::shared_ptr<channel::Channel>& channel, Failure failure) {
      result = channel ? channel->address() : "";
      failure_ = std::move(failure);
      if (channel) channel->drop();
    });
    const auto end = std::chrono::steady_clock::now() + 30s;
    while (!result && std::chrono::steady_clock::now() < end) {
      io_.restart();
      io_.run_one_for(100ms);
    }
    return result.value_or("no answer");
  }
  std::string at(const std::string& address) const { return address + ":" + std::to_string(port_); }

  TempDir dir_;
  Identity key_ = self_signed(dir_, KeyType::p256, "localhost");
  Identity other_ = self_signed(dir_, KeyType::p256, "localhost");
  OpensslServer first_{key_};  // on 127.0.0.1
  std::uint16_t port_ = first_.port();
  pinning::SharedKeys keys_ = std::make_shared<const pinning::TrustedKeys>(
      pinning::PinSet({key_.pin}, PinCount::one_is_enough));
  asio::io_context io_{1};
  std::unique_ptr<channel::Dialer> dialer_;
  std::mutex mutex_;
  std::vector<std::string> answer_{"127.0.0.1"};
  std::atomic<int> lookups_{0};
  int refused_ = 0;
  Failure failure_;
};

TEST_F(LookupTest, AsksForANameOnce) {
  make_dialer(24h);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(dial(), at("127.0.0.1")) << failure_.detail;
  EXPECT_EQ(lookups_, 1);
}

TEST_F(LookupTest, AsksEachTimeWhereItIsTold) {
  make_dialer(0s);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(dial(), at("127.0.0.1")) << failure_.detail;
  EXPECT_EQ(lookups_, 3);
}

TEST_F(LookupTest, AsksWhenTheLastAddressFails) {
  const auto moved = serve("127.0.0.2", key_);
  answer({"127.0.0.3"});  // nobody is there
  make_dialer(24h);
  EXPECT_EQ(dial(), "");
  EXPECT_EQ(failure_.error, Errc::connection_refused);
  answer({"127.0.0.2"});
  EXPECT_EQ(dial(), at("127.0.0.2")) << "an address that never worked is not remembered";
  EXPECT_EQ(lookups_, 2);
}

// The broker moves: its old address is dead, and the name leads to a new one.
TEST_F(LookupTest, FollowsAnAnswerThatChanges) {
  auto old = serve("127.0.0.2", key_);
  answer({"127.0.0.2"});
  make_dialer(24h);
  ASSERT_EQ(dial(), at("127.0.0.2")) << failure_.detail;
  old.reset();
  answer({"127.0.0.1"});
  EXPECT_EQ(dial(), at("127.0.0.1")) << failure_.detail;
  EXPECT_EQ(lookups_, 2);
  EXPECT_EQ(dial(), at("127.0.0.1"));
  EXPECT_EQ(lookups_, 2) << "the new address is known now";
}

TEST_F(LookupTest, UsesTheOldAddressWhenTheNameServiceIsDown) {
  make_dialer(0s);
  ASSERT_EQ(dial(), at("127.0.0.1")) << failure_.detail;
  answer({});
  EXPECT_EQ(dial(), at("127.0.0.1")) << failure_.detail;
  EXPECT_EQ(lookups_, 2);
}

TEST_F(LookupTest, TellsOfBothWhenTheOldAddressIsDeadAndTheNameServiceIsDown) {
  auto old = serve("127.0.0.2", key_);
  answer({"127.0.0.2"});
  make_dialer(24h);
  ASSERT_EQ(dial(), at("127.0.0.2")) << failure_.detail;
  old.reset();
  answer({});
  EXPECT_EQ(dial(), "");
  EXPECT_EQ(failure_.error, Errc::connection_refused);
  EXPECT_NE(failure_.detail.find("besides, said the test"), std::string::npos) << failure_.detail;
}

// A name server that lies cannot lead the device astray, nor keep it away for as long as the broker
// is where it was: the pin tells who is who.
TEST_F(LookupTest, IsNotLedAstrayByANameServerThatLies) {
  const auto impostor = serve("127.0.0.2", other_);
  make_dialer(0s);
  ASSERT_EQ(dial(), at("127.0.0.1")) << failure_.detail;
  answer({"127.0.0.2"});
  EXPECT_EQ(dial(), at("127.0.0.1")) << failure_.detail;
  EXPECT_EQ(refused_, 1) << "the impostor was asked, and refused";
}

TEST_F(LookupTest, RefusesAnImpostorBehindTheAddressThatWorked) {
  auto old = serve("127.0.0.2", key_);
  answer({"127.0.0.2"});
  make_dialer(24h);
  ASSERT_EQ(dial(), at("127.0.0.2")) << failure_.detail;
  old.reset();
  const auto impostor = serve("127.0.0.2", other_);
  EXPECT_EQ(dial(), "");
  EXPECT_EQ(failure_.error, Errc::identity_refused) << failure_.detail;
  EXPECT_EQ(lookups_, 2) << "it asked whether the broker has moved";
}

}  // namespace
}  // namespace holdfast::test
