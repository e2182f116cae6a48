// The dialler on loopback, without a TLS server: what needs one is in tests/integration.

#include "channel/dialer.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>

#include <asio/io_context.hpp>

#include "support/ports.hpp"

namespace holdfast::channel {
namespace {

using namespace std::chrono_literals;

class DialerTest : public testing::Test {
 protected:
  // A dialler for a closed port; the lookup, if one is needed, says loopback.
  std::unique_ptr<Dialer> make(const std::string& host) {
    return std::make_unique<Dialer>(
        io.get_executor(),
        parse_broker_url("mqtts://" + host + ":" + std::to_string(test::unused_port())), Timeouts{},
        TlsPolicy{},
        Dialer::Events{.bill = [this](const ChannelBill&) { ++bills; },
                       .refused_key = [](const pinning::Pin&) {},
                       .warning = [](const std::string&) {}},
        [this](const std::string&, std::uint16_t port, Failure&) {
          ++lookups;
          return Endpoints{{asio::ip::make_address("127.0.0.1"), port},
                           {asio::ip::make_address("127.0.0.2"), port}};
        });
  }
  Dialer::Handler note() {
    return [this](std::shared_ptr<Channel> channel, Failure why) {
      EXPECT_EQ(channel, nullptr);
      ++answers;
      failure = std::move(why);
    };
  }
  bool run_until_answered() {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (answers == 0 && std::chrono::steady_clock::now() < end) {
      io.restart();
      io.run_one_for(100ms);
    }
    return answers == 1;
  }

  asio::io_context io{1};
  pinning::SharedKeys keys = std::make_shared<const pinning::TrustedKeys>(pinning::PinSet(
      {"sha256/ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs="}, PinCount::one_is_enough));
  int answers = 0;
  int bills = 0;
  std::atomic<int> lookups{0};
  Failure failure;
};

TEST_F(DialerTest, SaysThatNothingListens) {
  const auto dialer = make("127.0.0.1");
  dialer->dial(keys, note());
  ASSERT_TRUE(run_until_answered());
  EXPECT_EQ(failure.error, Errc::connection_refused);
  EXPECT_EQ(bills, 1);
}

TEST_F(DialerTest, TriesEveryAddressOfAName) {
  const auto dialer = make("broker.test");
  dialer->dial(keys, note());
  ASSERT_TRUE(run_until_answered());
  EXPECT_EQ(failure.error, Errc::connection_refused);
  EXPECT_NE(failure.detail.find("2 addresses"), std::string::npos);
  EXPECT_EQ(bills, 2);
}

TEST_F(DialerTest, MayBeUsedAgain) {
  const auto dialer = make("127.0.0.1");
  for (int i = 0; i < 3; ++i) {
    answers = 0;
    dialer->dial(keys, note());
    ASSERT_TRUE(run_until_answered());
  }
}

// Runs the attempt turn by turn, cancels it after every possible number of turns, and expects
// silence from then on: the session has gone on to something else.
TEST_F(DialerTest, AnswersNothingOnceItIsCancelledInWhateverTurn) {
  bool answered_by_itself = false;
  for (int turns = 0; !answered_by_itself; ++turns) {
    ASSERT_LT(turns, 100);
    answers = 0;
    const auto dialer = make("127.0.0.1");
    dialer->dial(keys, note());
    for (int i = 0; i < turns; ++i) {
      io.restart();
      io.run_one_for(1s);
    }
    answered_by_itself = answers > 0;
    if (answered_by_itself) break;
    dialer->cancel();
    io.restart();
    io.poll();
    ASSERT_EQ(answers, 0) << "cancelled after " << turns << " turns, and answered all the same";
  }
}

// What a device has found in an earlier life.
class KnownAddresses : public Addresses {
 public:
  explicit KnownAddresses(std::optional<std::chrono::seconds> age) : age_(age) {}
  std::optional<Known> recall(const std::string& host, std::uint16_t) override {
    ++recalls;
    if (host != "broker.test") return std::nullopt;
    return Known{.address = asio::ip::make_address("127.0.0.3"), .age = age_};
  }
  void worked(const std::string&, std::uint16_t, const Known&) override { ADD_FAILURE(); }

  int recalls = 0;

 private:
  std::optional<std::chrono::seconds> age_;
};

TEST_F(DialerTest, BeginsWithTheAddressOfAnEarlierProcessAndAsksWhenItFails) {
  KnownAddresses known(1h);
  const auto dialer = make("broker.test");
  dialer->use_addresses(known);
  dialer->dial(keys, note());
  ASSERT_TRUE(run_until_answered());
  EXPECT_EQ(lookups, 1);
  EXPECT_EQ(bills, 3) << "the known one, and the two that were named";
  answers = 0;
  dialer->dial(keys, note());
  ASSERT_TRUE(run_until_answered());
  EXPECT_EQ(known.recalls, 1) << "from then on it knows better itself";
}

TEST_F(DialerTest, AsksFirstWhereTheAddressIsTooOldAndTriesItLast) {
  for (const auto age : {std::optional<std::chrono::seconds>(24h), {}}) {
    KnownAddresses known(age);
    const auto dialer = make("broker.test");
    dialer->use_addresses(known);
    answers = bills = 0;
    dialer->dial(keys, note());
    ASSERT_TRUE(run_until_answered());
    EXPECT_EQ(bills, 3);
    EXPECT_NE(failure.detail.find("127.0.0.3"), std::string::npos) << failure.detail;
  }
}

TEST_F(DialerTest, NeedsNoMemoryForAnAddress) {
  KnownAddresses known(1h);
  const auto dialer = make("127.0.0.1");
  dialer->use_addresses(known);
  dialer->dial(keys, note());
  ASSERT_TRUE(run_until_answered());
  EXPECT_EQ(known.recalls, 0);
}

}  // namespace
}  // namespace holdfast::channel
