// A thousand devices lose their broker in one moment: they must not come back in one.

#include <gtest/gtest.h>

#include <string>

#include "model_broker.hpp"

namespace holdfast::session {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kDevices = 1'000;

// Logins in each second since `since`.
std::vector<std::size_t> by_second(const std::vector<Instant>& logins, Instant since) {
  std::vector<std::size_t> counts;
  for (const Instant at : logins) {
    if (at < since) continue;
    const auto second = static_cast<std::size_t>(
        std::chrono::duration_cast<std::chrono::seconds>(at - since).count());
    if (counts.size() <= second) counts.resize(second + 1);
    ++counts[second];
  }
  return counts;
}

class Fleet : public testing::Test {
 protected:
  Fleet() {
    for (std::size_t n = 0; n < kDevices; ++n) broker_.add({}, std::to_string(n), n + 1);
    for (std::size_t n = 0; n < kDevices; ++n) broker_.start(n);
    broker_.run_for(1h);
  }

  std::vector<std::size_t> arrivals_after(Duration down, Errc why) {
    const Instant back = broker_.now() + down;
    broker_.restart(down, why);
    broker_.run_for(down + 10min);
    EXPECT_EQ(broker_.online(), kDevices) << "nobody is left behind";
    return by_second(broker_.logins(), back);
  }

  ModelBroker broker_;
};

TEST_F(Fleet, ComesBackSpreadOverTheBackoffWindowAfterAMinute) {
  const auto counts = arrivals_after(60s, Errc::connection_lost);
  // After a minute the bound of most is 64 or 128 s, of a few 256 s: about twelve arrive in each
  // second.
  EXPECT_LE(*std::max_element(counts.begin(), counts.end()), 50U);
  EXPECT_GE(counts.size(), 60U);
  EXPECT_LE(counts.size(), 256U + 60U);
}

TEST_F(Fleet, IsNotSwiftToComeBackToABrokerThatSaysItShutsDown) {
  const auto counts = arrivals_after(1s, Errc::server_busy);
  // Nobody before cap/32, then evenly up to 64 s.
  for (std::size_t second = 0; second < 8; ++second) EXPECT_EQ(counts[second], 0U) << second;
  EXPECT_LE(*std::max_element(counts.begin(), counts.end()), 40U);
  EXPECT_LE(counts.size(), 65U);
}

TEST_F(Fleet, ComesBackWithinSecondsWhereTheBrokerWasGoneForAMoment) {
  const auto counts = arrivals_after(0s, Errc::connection_lost);
  EXPECT_EQ(counts.size(), 1U) << "the first wait is a second at most";
}

}  // namespace
}  // namespace holdfast::session
