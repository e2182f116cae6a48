// Two devices with one client identifier: each takes the other's session over, and without manners
// both would shake hands without end.

#include <gtest/gtest.h>

#include "model_broker.hpp"

namespace holdfast::session {
namespace {

using namespace std::chrono_literals;

// The most logins within any hour.
std::size_t most_in_an_hour(const std::vector<Instant>& logins) {
  std::size_t most = 0;
  for (std::size_t first = 0, last = 0; last < logins.size(); ++last) {
    while (logins[last] - logins[first] >= 1h) ++first;
    most = std::max(most, last - first + 1);
  }
  return most;
}

class Twins : public testing::TestWithParam<Errc> {};

// What a broker says: a reason with MQTT 5; nothing with 3.1.1, and nothing with mosquitto 2.0.11.
INSTANTIATE_TEST_SUITE_P(Brokers, Twins,
                         testing::Values(Errc::session_taken_over, Errc::connection_lost),
                         [](const auto& instance) {
                           return instance.param == Errc::session_taken_over ? "TellsWhy"
                                                                             : "JustCloses";
                         });

TEST_P(Twins, MakeAtMostTenConnectionsAnHourEach) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    ModelBroker broker(GetParam());
    broker.add({}, "twin", 2 * seed);
    broker.add({}, "twin", 2 * seed + 1);
    broker.start(0);
    broker.run_for(std::chrono::milliseconds(seed * 977));  // the second is switched on later
    broker.start(1);
    broker.run_for(24h);
    for (const std::size_t device : {0U, 1U}) {
      ASSERT_LE(most_in_an_hour(broker.logins(device)), 10U)
          << "seed " << seed << " device " << device;
      ASSERT_GE(broker.logins(device).size(), 24U) << "neither gives up for good";
    }
    ASSERT_GE(broker.duplicates(0) + broker.duplicates(1), 20U) << "and somebody is told";
  }
}

TEST_P(Twins, AreForgottenOnceOneOfThemIsGone) {
  ModelBroker broker(GetParam());
  broker.add({}, "twin", 5);
  broker.add({}, "other", 6);
  broker.start(0);
  broker.start(1);
  broker.run_for(24h);
  EXPECT_EQ(broker.logins(0).size(), 1U);
  EXPECT_EQ(broker.logins(1).size(), 1U);
  EXPECT_EQ(broker.duplicates(0) + broker.duplicates(1), 0U);
}

}  // namespace
}  // namespace holdfast::session
