// How far is the ledger from the bill on bad links, over many sessions? Each with a backlog: many
// small segments at once are what the kernel's counters tell least of. The label is "full".
//
// HOLDFAST_TEST_SEED begins with another seed, HOLDFAST_TEST_RUNS has more or fewer of them.

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ostream>
#include <string>

#include "link/link_fixture.hpp"

namespace holdfast::test {
namespace {

enum class Work { backlog, in_turn, received };

struct Kind {
  const char* name;
  link::Conditions conditions;
  std::size_t messages;
  Work work = Work::backlog;
  double most_under = 0;  // per cent of all
  double most_over = 3;
};

void PrintTo(const Kind& kind, std::ostream* out) {
  *out << kind.name;
}

std::uint64_t number_of(const char* variable, std::uint64_t otherwise) {
  const char* told = std::getenv(variable);
  return told == nullptr ? otherwise : std::strtoull(told, nullptr, 10);
}

double percent_over(std::uint64_t claimed, std::uint64_t crossed) {
  return (static_cast<double>(claimed) / static_cast<double>(crossed) - 1) * 100;
}

class LedgerSurveyTest : public LinkTest, public testing::WithParamInterface<Kind> {
 protected:
  static constexpr auto kLong = 300s;

  static void work(WatchedDevice& device) {
    const std::size_t count = GetParam().messages;
    if (GetParam().work == Work::in_turn) {
      for (std::size_t i = 1; i <= count; ++i) {
        device.publish("truck/17/r", std::string(100, 'x'));
        ASSERT_TRUE(device.deliveries().wait_for_count(i, kLong)) << i;
      }
      return;
    }
    const bool receives = GetParam().work == Work::received;
    if (receives) {
      ASSERT_TRUE(device.wait_for(EventKind::subscribed, 1, kLong));
    }
    for (std::size_t i = 0; i < count; ++i) {
      device.publish("truck/17/r", std::string(receives ? 50 + i % 7 * 150 : 100, 'x'));
    }
    ASSERT_TRUE(device.deliveries().wait_for_count(count, kLong));
    if (receives) {
      ASSERT_TRUE(device.received().wait_for_count(count, kLong));
    }
  }

  void judge(std::uint64_t seed) {
    link_ = std::make_unique<link::Link>(seed);
    const auto broker = make_far_broker();
    WatchedDevice device(far_options(*broker));
    if (GetParam().work == Work::received) device.collect("truck/#");
    set(GetParam().conditions);
    device->start();
    work(device);
    device->stop();
    const link::Traffic bill = bill_of(*broker);
    const Ledger ledger = device->ledger();
    const double over = percent_over(ledger.ip_bytes(), bill.ip_bytes());
    std::printf(
        "%s seed %llu: up %llu of %llu (%+.2f %%), down %llu of %llu (%+.2f %%), all %+.2f %%, "
        "segments %lld and %lld more, connections %llu\n",
        GetParam().name, static_cast<unsigned long long>(seed),
        static_cast<unsigned long long>(ledger.ip_bytes_up),
        static_cast<unsigned long long>(bill.ip_bytes_up),
        percent_over(ledger.ip_bytes_up, bill.ip_bytes_up),
        static_cast<unsigned long long>(ledger.ip_bytes_down),
        static_cast<unsigned long long>(bill.ip_bytes_down),
        percent_over(ledger.ip_bytes_down, bill.ip_bytes_down), over,
        static_cast<long long>(ledger.segments_up) - static_cast<long long>(bill.packets_up),
        static_cast<long long>(ledger.segments_down) - static_cast<long long>(bill.packets_down),
        static_cast<unsigned long long>(ledger.connections));
    std::fflush(stdout);
    if (GetParam().most_under == 0) {
      EXPECT_GE(ledger.ip_bytes_up, bill.ip_bytes_up) << "seed " << seed;
      EXPECT_GE(ledger.ip_bytes_down, bill.ip_bytes_down) << "seed " << seed;
    }
    EXPECT_GE(over, -GetParam().most_under) << "seed " << seed;
    EXPECT_LE(over, GetParam().most_over) << "seed " << seed;
  }
};

TEST_P(LedgerSurveyTest, IsNeverUnderAndThreePercentOverAtMost) {
  const std::uint64_t first = number_of("HOLDFAST_TEST_SEED", 1);
  const std::uint64_t runs = number_of("HOLDFAST_TEST_RUNS", 5);
  for (std::uint64_t seed = first; seed < first + runs; ++seed) judge(seed);
}

using link::Capacity;

INSTANTIATE_TEST_SUITE_P(
    Full, LedgerSurveyTest,
    // What comes in all sizes and is repeated: the kernel counts such copies, and not their bytes.
    testing::Values(Kind{"LossOne", {.delay = 20ms, .loss = 0.01}, 300},
                    Kind{"LossFive", {.delay = 20ms, .loss = 0.05}, 300},
                    Kind{"LossTwenty", {.delay = 20ms, .loss = 0.2}, 300},
                    Kind{"Duplicates", {.delay = 20ms, .duplicate = 0.1}, 300},
                    Kind{"Reorders", {.delay = 20ms, .reorder = 0.1}, 300},
                    Kind{"Slow", {.delay = 20ms, .capacity = Capacity::of_rate(2'000)}, 24},
                    Kind{"SlowAndLossy",
                         {.delay = 20ms, .loss = 0.05, .capacity = Capacity::of_rate(32'000)},
                         300},
                    Kind{"AllAtOnce",
                         {.delay = 20ms,
                          .loss = 0.05,
                          .duplicate = 0.05,
                          .reorder = 0.1,
                          .capacity = Capacity::of_rate(100'000)},
                         300},
                    Kind{"InTurn", {.delay = 20ms, .loss = 0.1}, 60, Work::in_turn},
                    // Of 2 to 3 KB: one copy that is taken for longer than it was is 8 %.
                    Kind{"Short", {.delay = 20ms, .loss = 0.1}, 1, Work::in_turn, 0, 10},
                    Kind{"Received", {.delay = 20ms, .loss = 0.1}, 60, Work::received, 0.2, 6},
                    Kind{"ReceivedInDisorder",
                         {.delay = 20ms, .duplicate = 0.05, .reorder = 0.1},
                         60,
                         Work::received,
                         10,
                         20}),
    [](const testing::TestParamInfo<Kind>& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace holdfast::test
