// Does a series arrive as it was pushed, with the right times, and can a stranger read it?

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include <holdfast/receiver.hpp>

#include "device/boot_time.hpp"
#include "integration/device_fixture.hpp"
#include "support/ports.hpp"
#include "support/subscriber.hpp"

namespace holdfast::test {
namespace {

struct Fix {
  std::optional<double> lat;
  float speed = 0;
  std::uint16_t fuel = 0;
};

const SeriesOf<Fix>& drive() {
  static const SeriesOf<Fix> declared({}, {{"lat", &Fix::lat, {.resolution = 1e-7, .unit = "deg"}},
                                           {"speed", &Fix::speed, {.resolution = 0.01}},
                                           {"fuel", &Fix::fuel}});
  return declared;
}

struct Seen {
  Fix fix;
  SeriesTime time;
  std::optional<Origin> origin;
};

class SeriesTest : public DeviceTest {
 protected:
  SeriesTest() : broker_(make_broker()) {}

  std::unique_ptr<WatchedDevice> make_receiver() {
    auto receiver = std::make_unique<WatchedDevice>(options_for(broker_->tls_port(), "receiver"));
    (*receiver)->on_series("truck/#", drive(),
                           [this](const Fix& fix, const SeriesTime& time, const Arrival& arrival) {
                             seen_.append({fix, time, arrival.origin});
                           });
    (*receiver)->start();
    EXPECT_TRUE(receiver->wait_for(EventKind::subscribed));
    return receiver;
  }

  std::unique_ptr<Mosquitto> broker_;
  EventLog<Seen> seen_;
};

TEST_F(SeriesTest, RowsArriveAsTheyWerePushedInOneMessage) {
  Subscriber subscriber({.port = broker_->plain_port(), .filter = "truck/r"});
  const auto receiver = make_receiver();
  WatchedDevice sender(options_for(broker_->tls_port(), "sender"));
  auto stream = sender->series("truck/r", drive(), {.max_delay = 1h});
  const auto began = std::chrono::system_clock::time_point(std::chrono::seconds(1'800'000'000));
  for (int i = 0; i < 20; ++i) {
    Fix fix{.lat = 48.1 + i * 1e-5, .speed = 10.0f, .fuel = 500};
    if (i == 7) fix.lat.reset();
    ASSERT_TRUE(stream.push(fix, {.time = began + i * 30s}));
  }
  sender->start();
  EXPECT_EQ(sender->drain(kBound).undelivered, 0u);
  ASSERT_TRUE(seen_.wait_for_count(20, kBound));
  SequenceTracker tracker;
  for (std::size_t i = 0; i < 20; ++i) {
    const Seen seen = seen_.all()[i];
    EXPECT_EQ(seen.fix.lat.has_value(), i != 7);
    if (seen.fix.lat) {
      EXPECT_NEAR(*seen.fix.lat, 48.1 + static_cast<double>(i) * 1e-5, 5e-8);
    }
    EXPECT_FLOAT_EQ(seen.fix.speed, 10.0f);
    EXPECT_EQ(seen.fix.fuel, 500);
    EXPECT_EQ(seen.time.boot, 0u);
    EXPECT_EQ(seen.time.ms, 1'800'000'000'000 + static_cast<std::int64_t>(i) * 30'000);
    ASSERT_TRUE(seen.origin);
    EXPECT_EQ(tracker.see("truck/r", *seen.origin), SequenceTracker::Verdict::fresh);
  }
  EXPECT_EQ(tracker.fresh(), 20u);
  ASSERT_TRUE(subscriber.wait_for_count(1, kBound));
  EXPECT_EQ(subscriber.count(), 1u);
  EXPECT_LT(subscriber.messages()[0].payload.size(), 200u);
  EXPECT_EQ((*receiver)->status().counters.rejected_payloads, 0u)
      << "the declaration is no damaged payload";
}

TEST_F(SeriesTest, TimesBeforeTheClockWasKnownBecomeDatesWhenTheyAreSent) {
  const auto receiver = make_receiver();
  WatchedDevice sender(options_for(broker_->tls_port(), "sender"));
  auto stream = sender->series("truck/r", drive());
  const auto pushed = device::time_since_boot();
  ASSERT_TRUE(stream.push({}));
  const auto date = std::chrono::system_clock::time_point(std::chrono::seconds(2'000'000'000));
  sender->set_time(date);
  sender->start();
  ASSERT_TRUE(seen_.wait_for_count(1, kBound));
  const SeriesTime time = seen_.all()[0].time;
  EXPECT_EQ(time.boot, 0u);
  const auto most = (device::time_since_boot() - pushed).count() + 1'000;
  EXPECT_NEAR(static_cast<double>(time.ms), 2'000'000'000'000.0, static_cast<double>(most));
}

TEST_F(SeriesTest, AStrangerFindsTheDeclarationAtTheBroker) {
  WatchedDevice sender(options_for(broker_->tls_port(), "sender"));
  auto stream = sender->series("truck/r", drive());
  ASSERT_TRUE(stream.push({.lat = 1.0, .speed = 2.0f, .fuel = 3}));
  sender->start();
  EXPECT_EQ(sender->drain(kBound).undelivered, 0u);

  Subscriber late({.port = broker_->plain_port(), .filter = "truck/r/layout"});
  ASSERT_TRUE(late.wait_for_count(1, kBound));
  std::error_code error;
  const auto found = SeriesLayout::from_description(as_payload(late.messages()[0].payload), error);
  ASSERT_TRUE(found) << error.message();
  EXPECT_EQ(*found, drive().layout());
}

TEST_F(SeriesTest, WhatIsNoNumberIsRefusedWithItsChannel) {
  WatchedDevice device(options_for(unused_port()));
  auto stream = device->series("truck/r", drive());
  const Receipt receipt = stream.push({.lat = std::numeric_limits<double>::quiet_NaN()});
  EXPECT_EQ(receipt.error, Errc::invalid_reading);
  EXPECT_NE(receipt.detail.find("lat"), std::string::npos) << receipt.detail;
}

TEST_F(SeriesTest, AnotherDeclarationIsAnEventAndNoReading) {
  const auto receiver = make_receiver();
  const SeriesLayout other({{.name = "rpm", .kind = ChannelKind::integer}});
  WatchedDevice sender(options_for(broker_->tls_port(), "sender"));
  auto stream = sender->series("truck/r", other, {}, Declare::never);
  const Sample sample(900);
  ASSERT_TRUE(stream.push({&sample, 1}));
  sender->start();
  const auto event = receiver->wait_for(EventKind::payload_rejected);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->error, Errc::unknown_layout);
  EXPECT_NE(event->detail.find("truck/r"), std::string::npos);
  EXPECT_EQ(seen_.size(), 0u);
}

TEST_F(SeriesTest, StoredRowsOfTwoProcessesShareAMessage) {
  Subscriber subscriber({.port = broker_->plain_port(), .filter = "truck/r"});
  const auto receiver = make_receiver();
  Options options = options_for(broker_->tls_port(), "sender");
  options.state_dir = dir_.path() / "state";
  for (int process = 0; process < 3; ++process) {
    WatchedDevice sender(options);
    auto stream = sender->series("truck/r", drive(), {.durable = Durable::at_push()});
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(stream.push({.fuel = 7}));
    EXPECT_EQ(sender->flush(kBound).unstored, 0u);
  }
  WatchedDevice sender(options);
  auto stream = sender->series("truck/r", drive(), {.durable = Durable::at_push()});
  sender->start();
  ASSERT_TRUE(seen_.wait_for_count(30, kBound));
  ASSERT_TRUE(subscriber.wait_for_count(1, kBound));
  EXPECT_EQ(subscriber.count(), 1u);
}

}  // namespace
}  // namespace holdfast::test
