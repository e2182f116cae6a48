// Are typed payloads what they say when they reach a handler, and does a bad one do no harm?

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <holdfast/receiver.hpp>

#include "command_generated.h"
#include "integration/device_fixture.hpp"
#include "reading_generated.h"
#include "support/subscriber.hpp"

namespace holdfast::test {
namespace {

std::string bytes_of(std::span<const std::byte> bytes) {
  return std::string(as_text(bytes));
}

std::string plain_reading(std::uint16_t speed) {
  ReadingT reading;
  reading.time_ms = 1'700'000'000'000;
  reading.speed_cm_s = speed;
  return bytes_of(as_payload(pack<Reading>(reading)));
}

struct Seen {
  std::uint16_t speed;
  std::string topic;
  std::optional<Origin> origin;
};

class PayloadTest : public DeviceTest {
 protected:
  PayloadTest() : broker_(make_broker()) {}

  std::unique_ptr<Mosquitto> broker_;
  EventLog<Seen> seen_;

  void collect_readings(WatchedDevice& device) {
    device->on<Reading>("r/#", [this](const Reading& reading, const Arrival& arrival) {
      seen_.append({reading.speed_cm_s(), std::string(arrival.topic), arrival.origin});
    });
  }

  // A device that collects readings, and is subscribed.
  std::unique_ptr<WatchedDevice> make_receiver() {
    auto receiver = std::make_unique<WatchedDevice>(options_for(broker_->tls_port(), "receiver"));
    collect_readings(*receiver);
    (*receiver)->start();
    EXPECT_TRUE(receiver->wait_for(EventKind::subscribed));
    return receiver;
  }
};

TEST_F(PayloadTest, AStreamArrivesInOrderWithItsOrigin) {
  const auto receiver = make_receiver();
  WatchedDevice sender(options_for(broker_->tls_port(), "sender"));
  auto fast = sender->stream<Reading>("r/fast");
  auto slow = sender->stream<Reading>("r/slow", {.max_delay = 10ms, .ttl = 1h});
  sender->start();
  constexpr std::uint16_t kCount = 200;
  for (std::uint16_t n = 0; n < kCount; ++n) {
    ReadingT reading;
    reading.speed_cm_s = n;
    ASSERT_TRUE(fast.push(reading));
    ASSERT_TRUE(slow.push(reading));
  }
  ASSERT_TRUE(seen_.wait_for_count(2 * kCount, kBound));
  SequenceTracker tracker;
  std::map<std::string, Origin> last;
  std::map<std::string, std::uint16_t> count;
  for (const Seen& seen : seen_.all()) {
    ASSERT_TRUE(seen.origin);
    Origin& before = last[seen.topic];
    const bool same_message = seen.origin->part > 0;
    EXPECT_EQ(seen.origin->part, same_message ? before.part + 1 : 0);
    EXPECT_EQ(seen.origin->sequence, same_message ? before.sequence : before.sequence + 1);
    before = *seen.origin;
    EXPECT_EQ(seen.speed, count[seen.topic]++);
    EXPECT_EQ(seen.origin->epoch, seen_.all()[0].origin->epoch);
    EXPECT_EQ(tracker.see(seen.topic, *seen.origin), SequenceTracker::Verdict::fresh);
  }
  EXPECT_EQ(tracker.missing(), 0u);
  EXPECT_NE(seen_.all()[0].origin->epoch, 0u);
}

TEST_F(PayloadTest, APlainBufferWithoutEnvelopeIsTaken) {
  const auto receiver = make_receiver();
  Publisher publisher({.port = broker_->plain_port()});
  publisher.publish("r/back-end", plain_reading(7));
  ASSERT_TRUE(seen_.wait_for_count(1, kBound));
  EXPECT_EQ(seen_.all()[0].speed, 7);
  EXPECT_FALSE(seen_.all()[0].origin);
}

TEST_F(PayloadTest, BadPayloadsReachNoHandlerAndGoodOnesStillDo) {
  const auto receiver = make_receiver();
  const std::string good = plain_reading(1);
  const std::string sealed = bytes_of(seal_envelope({1, 1}, as_payload(good)));
  CommandT command;
  command.verb = "stop";
  const std::string foreign = bytes_of(as_payload(pack<Command>(command)));
  std::string random(500, '\0');
  std::mt19937 engine(42);
  for (char& byte : random) byte = static_cast<char>(engine());
  std::string odd_root = good;
  odd_root.replace(0, 4, "\xF0\xFF\xFF\x7F");

  const std::vector<std::string> malformed{
      good.substr(0, good.size() / 2), sealed.substr(0, sealed.size() / 2), odd_root,
      bytes_of(seal_envelope({1, 1}, as_payload(std::string_view(good).substr(0, 20))))};
  const std::vector<std::string> others{foreign, random, "", "x",
                                        bytes_of(seal_envelope({1, 1}, as_payload(foreign)))};
  Publisher publisher({.port = broker_->plain_port()});
  for (const std::string& bad : malformed) publisher.publish("r/bad", bad);
  for (const std::string& bad : others) publisher.publish("r/bad", bad);
  publisher.publish("r/good", good);
  publisher.publish("r/good", sealed);

  ASSERT_TRUE(seen_.wait_for_count(2, kBound));
  for (const Seen& seen : seen_.all()) EXPECT_EQ(seen.topic, "r/good");
  const std::size_t bad_ones = malformed.size() + others.size();
  ASSERT_TRUE(receiver->wait_for(EventKind::payload_rejected, bad_ones));
  const auto events = receiver->events_of(EventKind::payload_rejected);
  ASSERT_EQ(events.size(), bad_ones);
  for (std::size_t n = 0; n < malformed.size(); ++n) {
    EXPECT_EQ(events[n].error, Errc::malformed_payload) << n << ": " << events[n].detail;
  }
  EXPECT_EQ(events[malformed.size()].error, Errc::foreign_payload);
  EXPECT_EQ(events.back().error, Errc::foreign_payload);
  EXPECT_NE(events[0].detail.find("r/bad"), std::string::npos);
  EXPECT_NE(events[0].detail.find("Reading"), std::string::npos);
  EXPECT_EQ((*receiver)->status().counters.rejected_payloads, bad_ones);
}

TEST_F(PayloadTest, AHandlerThatThrowsIsReportedAndLifeGoesOn) {
  EventLog<std::string> handled;
  WatchedDevice device(options_for(broker_->tls_port()));
  device->subscribe("t", [&](const Message& message) {
    if (text_of(message) == "bad") throw std::runtime_error("cannot digest this");
    if (text_of(message) == "odd") throw 7;
    handled.append(text_of(message));
  });
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::subscribed));
  Publisher publisher({.port = broker_->plain_port()});
  for (const char* const text : {"bad", "odd", "good"}) publisher.publish("t", text);
  ASSERT_TRUE(handled.wait_for_count(1, kBound));
  ASSERT_TRUE(device.wait_for(EventKind::handler_failed, 2));
  const auto event = device.events_of(EventKind::handler_failed)[0];
  EXPECT_EQ(event.error, Errc::handler_failed);
  EXPECT_NE(event.detail.find("cannot digest this"), std::string::npos) << event.detail;
  EXPECT_EQ(handled.all()[0], "good");
}

TEST_F(PayloadTest, AThrowingEventHandlerOrNoticeDoesNoHarm) {
  Device device(options_for(broker_->tls_port()));
  std::atomic<int> events{0};
  device.on_event([&](const Event&) {
    ++events;
    throw std::runtime_error("no");
  });
  device.start();
  std::atomic<int> notices{0};
  for (int n = 0; n < 3; ++n) {
    device.publish("t", as_payload("x"), {.on_done = [&](const Delivery&) {
                     ++notices;
                     throw std::runtime_error("never");
                   }});
  }
  EXPECT_TRUE(eventually([&] { return notices == 3; }, kBound));
  EXPECT_TRUE(device.stop().clean);
  EXPECT_GE(events, 2);
}

// Holds handlers until it is opened.
class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_; });
  }
  void open() {
    {
      const std::lock_guard lock(mutex_);
      open_ = true;
    }
    changed_.notify_all();
  }
  ~Gate() { open(); }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

TEST_F(PayloadTest, ASlowHandlerLosesMessagesAudiblyAndBlocksNoAcknowledgement) {
  Gate gate;
  std::atomic<std::uint64_t> handled{0};
  WatchedDevice device(options_for(broker_->tls_port()));
  device->subscribe("down", [&](const Message&) {
    gate.pass();
    ++handled;
  });
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::subscribed));

  constexpr std::uint64_t kSent = limits::kInboundMessages + 500;
  Publisher publisher({.port = broker_->plain_port()});
  for (std::uint64_t n = 0; n < kSent; ++n) publisher.publish("down", "x");
  // The handler stands still, and yet all is read and acknowledged, both ways.
  for (int n = 0; n < 100; ++n) device->publish("up", as_payload("x"));
  EXPECT_TRUE(eventually(
      [&] {
        const Counters counters = device->status().counters;
        return counters.delivered == 100 && counters.received + counters.inbound_dropped == kSent;
      },
      kBound));
  const Counters counters = device->status().counters;
  // One is in the handler, the bound counts those that wait.
  EXPECT_EQ(counters.received, limits::kInboundMessages + 1);
  EXPECT_EQ(handled, 0u);
  gate.open();
  ASSERT_TRUE(device.wait_for(EventKind::inbound_overflow));
  EXPECT_EQ(device.events_of(EventKind::inbound_overflow)[0].error, Errc::inbound_overflow);
  EXPECT_TRUE(eventually([&] { return handled == counters.received; }, kBound));
  EXPECT_EQ(device->status().ledger.connections, 1u);
}

TEST_F(PayloadTest, AMessageThatNoHandlerMatchesIsReported) {
  {
    WatchedDevice before(options_for(broker_->tls_port()));
    before.collect("old/#");
    before->start();
    ASSERT_TRUE(before.wait_for(EventKind::subscribed));
    before->stop();
  }
  WatchedDevice after(options_for(broker_->tls_port()));
  after.collect("new/#");
  after->start();
  ASSERT_TRUE(after.wait_for(EventKind::subscribed));
  Publisher publisher({.port = broker_->plain_port()});
  publisher.publish("old/1", "forgotten");
  publisher.publish("new/1", "known");
  ASSERT_TRUE(after.received().wait_for_count(1, kBound));
  const auto event = after.wait_for(EventKind::message_unhandled);
  ASSERT_TRUE(event);
  EXPECT_NE(event->detail.find("old/1"), std::string::npos) << event->detail;
  EXPECT_EQ(after->status().counters.unhandled, 1u);
  EXPECT_EQ(after->status().counters.received, 1u);
}

}  // namespace
}  // namespace holdfast::test
