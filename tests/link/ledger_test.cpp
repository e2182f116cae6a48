// Does the ledger say what the carrier will bill? The independent bill is a capture of the packets
// on the device's own interface.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <ostream>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "link/link_fixture.hpp"

namespace holdfast::test {
namespace {

class LedgerTest : public LinkTest {
 protected:
  /// Publishes `count` messages of 100 bytes one after the other, each when the last was
  /// acknowledged.
  static void publish_in_turn(WatchedDevice& device, std::size_t count) {
    for (std::size_t i = 1; i <= count; ++i) {
      device.publish("truck/17/r", std::string(100, 'x'));
      ASSERT_TRUE(device.deliveries().wait_for_count(i, kLong)) << i;
    }
  }
  static void publish_at_once(WatchedDevice& device, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) device.publish("truck/17/r", std::string(100, 'x'));
    ASSERT_TRUE(device.deliveries().wait_for_count(count, kLong));
  }

  static constexpr auto kLong = 100s;
};

void expect_sum_of_causes(const Ledger& ledger) {
  EXPECT_EQ(ledger.made.ip_bytes().up, ledger.ip_bytes_up);
  EXPECT_EQ(ledger.made.ip_bytes().down, ledger.ip_bytes_down);
}

// For whoever reads of a failure: the estimates go wrong where segments were lost, and at the end.
std::string describe(const std::vector<link::Segment>& segments) {
  std::ostringstream text;
  for (const link::Segment& segment : segments) {
    text << (segment.direction == link::Direction::up ? "up   " : "down ") << segment.near_port
         << " seq " << segment.sequence << ": " << segment.header_bytes << " + "
         << segment.payload_bytes << (segment.syn ? " SYN" : "") << (segment.fin ? " FIN" : "")
         << (segment.rst ? " RST" : "") << ", blocks " << segment.sack_blocks << "\n";
  }
  return text.str();
}

// Never under, and `percent` over at most.
void expect_near(const Ledger& ledger, const link::Traffic& bill, double percent) {
  const auto claimed = static_cast<double>(ledger.ip_bytes());
  const auto crossed = static_cast<double>(bill.ip_bytes());
  EXPECT_GE(ledger.ip_bytes_up, bill.ip_bytes_up);
  EXPECT_GE(ledger.ip_bytes_down, bill.ip_bytes_down);
  EXPECT_LE(claimed, crossed * (1 + percent / 100))
      << "up " << ledger.ip_bytes_up << " of " << bill.ip_bytes_up << ", down "
      << ledger.ip_bytes_down << " of " << bill.ip_bytes_down;
}

// Segments that crossed twice, among those that are of interest.
template <typename Wanted>
bool any_repeated(const std::vector<link::Segment>& segments, Wanted wanted) {
  std::set<std::tuple<link::Direction, std::uint16_t, std::uint32_t>> seen;
  return std::any_of(segments.begin(), segments.end(), [&](const link::Segment& segment) {
    return wanted(segment) &&
           !seen.insert({segment.direction, segment.near_port, segment.sequence}).second;
  });
}

// On a busy machine TCP takes a late answer for a lost one, also on a line that loses nothing. And
// a broker that has closed already answers what still comes with a bare RST, which has no options.
bool was_disturbed(const std::vector<link::Segment>& segments) {
  const bool bare_reset =
      std::any_of(segments.begin(), segments.end(),
                  [](const link::Segment& segment) { return segment.rst && !segment.ack; });
  return bare_reset || any_repeated(segments, [](const link::Segment& segment) {
           return segment.payload_bytes > 0 || segment.syn || segment.fin;
         });
}

// What was lost on its way up is sent again; where only acknowledgements were, nothing is.
bool repeated_data_up(const std::vector<link::Segment>& segments) {
  return any_repeated(segments, [](const link::Segment& segment) {
    return segment.payload_bytes > 0 && segment.direction == link::Direction::up;
  });
}

void expect_equal(const Ledger& ledger, const link::Traffic& bill,
                  const std::vector<link::Segment>& segments) {
  if (was_disturbed(segments)) {
    expect_near(ledger, bill, 10);  // these sessions are short
    return;
  }
  EXPECT_EQ(ledger.ip_bytes_up, bill.ip_bytes_up);
  EXPECT_EQ(ledger.ip_bytes_down, bill.ip_bytes_down);
  EXPECT_EQ(ledger.segments_up, bill.packets_up);
  EXPECT_EQ(ledger.segments_down, bill.packets_down);
}

TEST_F(LedgerTest, KnowsTheBillOfAGoodLineToTheByte) {
  const auto broker = make_far_broker();
  WatchedDevice device(far_options(*broker));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  publish_in_turn(device, 20);
  device->stop();
  const link::Traffic bill = bill_of(*broker);
  const Ledger ledger = device->ledger();
  expect_equal(ledger, bill, link_->segments());
  expect_sum_of_causes(ledger);
  EXPECT_EQ(ledger.made[Cause::payload].up, 20U * 100);
  EXPECT_EQ(ledger.made[Cause::payload].down, 0U);
  // PUBACK with a reason: nobody has subscribed.
  EXPECT_EQ(ledger.made[Cause::acknowledgements].down, 20U * 5);
  EXPECT_EQ(ledger.made[Cause::keep_alive].sum(), 0U);
  EXPECT_GT(ledger.made[Cause::handshake].up, 100U);
  EXPECT_GT(ledger.made[Cause::handshake].down, 400U);
  EXPECT_GT(ledger.made[Cause::tickets].down, 200U);
  EXPECT_EQ(ledger.made[Cause::tickets].up, 0U);
  EXPECT_GT(ledger.made[Cause::mqtt_control].up, 20U * 14);
}

// DISCONNECT, close_notify and FIN: each alone would cost a header, and its acknowledgement.
TEST_F(LedgerTest, AnEndInOrderIsOneSegment) {
  const auto broker = make_far_broker();
  WatchedDevice device(far_options(*broker));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  publish_in_turn(device, 1);
  device->stop();
  const auto bill = bill_of(*broker);
  const auto segments = link_->segments();
  if (was_disturbed(segments)) GTEST_SKIP() << "something was repeated on a busy machine";
  const auto fin = std::find_if(segments.begin(), segments.end(), [](const link::Segment& segment) {
    return segment.fin && segment.direction == link::Direction::up;
  });
  ASSERT_NE(fin, segments.end()) << describe(segments);
  EXPECT_EQ(fin->payload_bytes, 22U + 4 + 24) << describe(segments);
  const auto of_end = std::accumulate(
      fin, segments.end(), std::size_t{0},
      [](std::size_t sum, const link::Segment& segment) { return sum + segment.ip_bytes; });
  EXPECT_LE(of_end, limits::kCloseIpBytes + 52) << describe(segments);  // an ACK more, perhaps
  EXPECT_EQ(device->ledger().ip_bytes(), bill.ip_bytes());
}

TEST_F(LedgerTest, KnowsItOverIpv6AsWell) {
  const auto broker = make_far_broker();
  Options options = far_options(*broker);
  options.broker =
      std::string("mqtts://[") + link::Link::kFar6 + "]:" + std::to_string(broker->tls_port());
  WatchedDevice device(std::move(options));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  publish_in_turn(device, 3);
  device->stop();
  const link::Traffic bill = bill_of(*broker);
  expect_equal(device->ledger(), bill, link_->segments());
}

TEST_F(LedgerTest, CountsWhatIsReceived) {
  const auto broker = make_far_broker();
  WatchedDevice device(far_options(*broker));
  device.collect("down/#");
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::subscribed));
  device.publish("down/1", std::string(3'000, 'y'));
  ASSERT_TRUE(device.received().wait_for_count(1, kLong));
  ASSERT_TRUE(device.wait_for_deliveries(1));
  device->stop();
  const Ledger ledger = device->ledger();
  const link::Traffic bill = bill_of(*broker);
  expect_equal(ledger, bill, link_->segments());
  EXPECT_EQ(ledger.made[Cause::payload].up, 3'000U);
  EXPECT_EQ(ledger.made[Cause::payload].down, 3'000U);
}

TEST_F(LedgerTest, BillsAnAttemptThatWasRefused) {
  const auto broker = make_far_broker();
  Options options = far_options(*broker);
  options.pins = {backup_.pin};
  options.pin_count = PinCount::one_is_enough;
  options.backoff.base = options.backoff.cap = 1h;
  WatchedDevice device(std::move(options));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connect_failed));
  device->stop();
  const Ledger ledger = device->ledger();
  expect_near(ledger, bill_of(*broker), 10);  // of one kilobyte; a closing segment more or less
  expect_sum_of_causes(ledger);
  EXPECT_EQ(ledger.connections, 1U);
}

TEST_F(LedgerTest, BillsAPortWhereNobodyListens) {
  const auto broker = make_far_broker();
  broker->stop();
  Options options = far_options(*broker);
  options.backoff.base = options.backoff.cap = 1h;
  WatchedDevice device(std::move(options));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connect_failed));
  device->stop();
  const link::Traffic bill = bill_of(*broker);
  EXPECT_EQ(bill.packets_up, 1U);
  EXPECT_EQ(bill.packets_down, 1U);
  expect_near(device->ledger(), bill, 20);
}

TEST_F(LedgerTest, IsNotUnderWhenTheLineDies) {
  const auto broker = make_far_broker();
  Options options = far_options(*broker);
  options.timeouts.response = 3s;
  options.backoff.base = options.backoff.cap = 1h;
  WatchedDevice device(std::move(options));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  set({.black_hole = true});
  device.publish("t", std::string(1'000, 'x'));
  ASSERT_TRUE(device.wait_for(EventKind::disconnected));
  device->stop();
  const Ledger ledger = device->ledger();
  expect_near(ledger, bill_of(*broker), 3);
  expect_sum_of_causes(ledger);
  EXPECT_GT(ledger.made[Cause::retransmission].up, 1'000U);
}

TEST_F(LedgerTest, IsKeptAcrossRestarts) {
  const auto broker = make_far_broker();
  Options options = far_options(*broker);
  options.state_dir = dir_.path() / "state";
  std::uint64_t spent = 0;
  for (int start = 1; start <= 2; ++start) {
    WatchedDevice device(options);
    device->set_time(std::chrono::sys_days(std::chrono::year(2026) / 3 / start) + 12h);
    device->start();
    ASSERT_TRUE(device.wait_for(EventKind::connected));
    publish_in_turn(device, 2);
    device->stop();
    const Ledger ledger = device->ledger();
    spent += ledger.ip_bytes();
    EXPECT_EQ(ledger.installation.ip_bytes().sum(), spent);
    EXPECT_EQ(ledger.installation.connections, static_cast<unsigned>(start));
    ASSERT_EQ(ledger.days.size(), static_cast<std::size_t>(start));
    EXPECT_EQ(ledger.days.back().day, std::chrono::sys_days(std::chrono::year(2026) / 3 / start));
    EXPECT_EQ(ledger.days.back().account.ip_bytes().sum(), ledger.ip_bytes());
    EXPECT_EQ(ledger.unknown_day.ip_bytes().sum(), 0U);
  }
  EXPECT_EQ(Device(options).ledger().installation.ip_bytes().sum(), spent);
  EXPECT_GE(spent, bill_of(*broker).ip_bytes());
}

// --- Losses
// ---------------------------------------------------------------------------------------

struct Losses {
  const char* name;
  double share;
  std::uint64_t seed;
};

void PrintTo(const Losses& losses, std::ostream* out) {
  *out << losses.name;
}

class LossyLedgerTest : public LedgerTest, public testing::WithParamInterface<Losses> {
 protected:
  void SetUp() override {
    LedgerTest::SetUp();
    if (IsSkipped()) return;
    link_ = std::make_unique<link::Link>(GetParam().seed);
  }

  void expect_good_bill(void (*publish)(WatchedDevice&, std::size_t), std::size_t count,
                        double most_percent_over) {
    const auto broker = make_far_broker();
    WatchedDevice device(far_options(*broker));
    set({.delay = 20ms, .loss = GetParam().share});
    device->start();
    publish(device, count);
    device->stop();
    const Ledger ledger = device->ledger();
    expect_near(ledger, bill_of(*broker), most_percent_over);
    expect_sum_of_causes(ledger);
    const auto segments = link_->segments();
    if (repeated_data_up(segments)) {
      EXPECT_GT(ledger.made[Cause::retransmission].up, 0U);
    }
    if (HasFailure()) ADD_FAILURE() << describe(segments);
  }
};

TEST_P(LossyLedgerTest, IsNeverUnderWithMessagesInTurn) {
  expect_good_bill(publish_in_turn, 100, 3);
}

TEST_P(LossyLedgerTest, IsNeverUnderWithABacklog) {
  expect_good_bill(publish_at_once, 300, 3);
}

INSTANTIATE_TEST_SUITE_P(Shares, LossyLedgerTest,
                         testing::Values(Losses{"Five", 0.05, 1}, Losses{"FiveAgain", 0.05, 2},
                                         Losses{"Ten", 0.1, 3}, Losses{"Twenty", 0.2, 4}),
                         [](const testing::TestParamInfo<Losses>& one) {
                           return std::string(one.param.name);
                         });

}  // namespace
}  // namespace holdfast::test
