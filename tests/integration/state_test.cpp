// Do state documents cross the line when they have changed, and only then, and are they known
// again after whatever happens?

#include <gtest/gtest.h>

#include <holdfast/state_document.hpp>

#include "command_generated.h"
#include "integration/device_fixture.hpp"
#include "reading_generated.h"
#include "support/subscriber.hpp"
#include "support/tcp_proxy.hpp"

namespace holdfast::test {
namespace {

constexpr const char* kTopic = "fleet/truck/state";
constexpr const char* kDesired = "fleet/truck/state/desired";
constexpr const char* kReported = "fleet/truck/state/reported";

struct Wanted {
  std::string verb;
  std::uint64_t version = 0;

  bool operator==(const Wanted&) const = default;
};

struct Report {
  std::uint64_t version = 0;
  std::uint64_t seen = 0;
  std::uint16_t speed = 0;

  bool operator==(const Report&) const = default;
};

std::string desired(std::uint64_t version, const std::string& verb) {
  CommandT command;
  command.verb = verb;
  const auto sealed = seal_state(version, as_payload(pack<Command>(command)));
  return std::string(as_text(sealed));
}

ReadingT reading(std::uint16_t speed) {
  ReadingT reading;
  reading.speed_cm_s = speed;
  return reading;
}

Report report_of(const ReceivedMessage& message) {
  const std::vector<std::byte> payload(as_payload(message.payload).begin(),
                                       as_payload(message.payload).end());
  StateBody body;
  EXPECT_FALSE(open_state(payload, body));
  std::error_code error;
  const Reading* root = verify<Reading>(body.bytes, error);
  return {body.version, body.seen, root == nullptr ? std::uint16_t{0} : root->speed_cm_s()};
}

// A device with a state document whose desired versions are written down.
class StatefulDevice : public WatchedDevice {
 public:
  explicit StatefulDevice(Options options)
      : WatchedDevice(std::move(options)), state_((**this).state<Command, Reading>(kTopic)) {
    state_.on_desired([this](const Command& command, std::uint64_t version) {
      wanted_.append({command.verb()->str(), version});
    });
  }
  ~StatefulDevice() { (**this).stop(); }  // before the log goes that its handler uses

  StateDocument<Command, Reading>& state() { return state_; }
  EventLog<Wanted>& wanted() { return wanted_; }

 private:
  EventLog<Wanted> wanted_;
  StateDocument<Command, Reading> state_;
};

class StateTest : public DeviceTest {
 protected:
  Options kept_options(std::uint16_t port) {
    Options options = options_for(port);
    options.state_dir = dir_.path() / "state";
    return options;
  }
  static void publish(const Mosquitto& broker, const std::string& payload) {
    Publisher publisher({.port = broker.plain_port(), .client_id = "backend"});
    publisher.publish(kDesired, payload, 1, true);
    ASSERT_TRUE(publisher.wait_acks(kBound));
  }
  // By the device's own count: what it has not read yet would be lost with the connection.
  static bool wait_acknowledged(WatchedDevice& device) {
    return eventually([&] { return device->status().counters.delivered >= 1; }, kBound);
  }
  std::size_t sent_by_device(const Mosquitto& broker) {
    return count_in_log(broker, "Received PUBLISH from device ");
  }
  std::size_t sent_to_device(const Mosquitto& broker) {
    return count_in_log(broker, "Sending PUBLISH to device ");
  }
};

using Wants = std::vector<Wanted>;

TEST_F(StateTest, DesiredIsTakenOncePerVersionAndKeptForTheNextProcess) {
  const auto broker = make_broker();
  publish(*broker, desired(4, "open"));
  {
    StatefulDevice device(kept_options(broker->tls_port()));
    device->start();
    ASSERT_TRUE(device.wanted().wait_for_count(1, kBound));
    publish(*broker, desired(5, "close"));
    ASSERT_TRUE(device.wanted().wait_for_count(2, kBound));
    EXPECT_EQ(device.wanted().all(), (Wants{{"open", 4}, {"close", 5}}));
  }
  // The next process has it without a connection.
  StatefulDevice device(kept_options(broker->tls_port()));
  ASSERT_TRUE(device.wanted().wait_for_count(1, kBound));
  EXPECT_EQ(device.wanted().all(), (Wants{{"close", 5}}));
}

TEST_F(StateTest, AnUnchangedStateCostsNoByteAfterAReconnection) {
  const auto broker = make_broker();
  publish(*broker, desired(1, "open"));
  TcpProxy proxy(broker->tls_port());
  StatefulDevice device(kept_options(proxy.port()));
  ASSERT_TRUE(device.state().report(reading(7)));
  device->start();
  ASSERT_TRUE(device.wanted().wait_for_count(1, kBound));
  ASSERT_TRUE(wait_acknowledged(device));
  ASSERT_TRUE(broker->wait_log("Received PUBACK from device", kBound)) << broker->log();
  for (std::size_t n = 2; n <= 3; ++n) {
    proxy.cut_all();
    ASSERT_TRUE(device.wait_for(EventKind::connected, n));
  }
  EXPECT_EQ(device.state().report(reading(7)).version, 1U);
  ASSERT_TRUE(device.wait_for_delivery(device.publish("other", "x")));
  EXPECT_EQ(sent_by_device(*broker), 2U) << broker->log();
  EXPECT_EQ(sent_to_device(*broker), 1U) << broker->log();
}

TEST_F(StateTest, ARestartInOrderCostsNoByteEither) {
  const auto broker = make_broker();
  publish(*broker, desired(1, "open"));
  {
    StatefulDevice device(kept_options(broker->tls_port()));
    ASSERT_TRUE(device.state().report(reading(7)));
    device->start();
    ASSERT_TRUE(device.wanted().wait_for_count(1, kBound));
    ASSERT_TRUE(wait_acknowledged(device));
  }
  StatefulDevice device(kept_options(broker->tls_port()));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::subscribed));
  ASSERT_TRUE(device.wait_for_delivery(device.publish("other", "x")));
  EXPECT_EQ(sent_by_device(*broker), 2U) << broker->log();
  EXPECT_EQ(sent_to_device(*broker), 1U) << broker->log();
}

TEST_F(StateTest, AReportIsRetainedUnderAVersionThatGoesOnAcrossRestarts) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = kReported});
  publish(*broker, desired(9, "open"));
  {
    StatefulDevice device(kept_options(broker->tls_port()));
    device->start();
    ASSERT_TRUE(device.wanted().wait_for_count(1, kBound));
    EXPECT_EQ(device.state().report(reading(1)).version, 1U);
    ASSERT_TRUE(subscriber.wait_for_count(1, kBound));
  }
  StatefulDevice device(kept_options(broker->tls_port()));
  EXPECT_EQ(device.state().report(reading(2)).version, 2U);
  device->start();
  ASSERT_TRUE(subscriber.wait_for_count(2, kBound));
  EXPECT_EQ(report_of(subscriber.messages()[0]), (Report{1, 9, 1}));
  EXPECT_EQ(report_of(subscriber.messages()[1]), (Report{2, 9, 2}));
  Subscriber newcomer({.port = broker->plain_port(), .filter = kReported, .client_id = "n"});
  ASSERT_TRUE(newcomer.wait_for_count(1, kBound));
  EXPECT_TRUE(newcomer.messages()[0].retain);
}

TEST_F(StateTest, OnlyTheLastOfSeveralReportsWithoutALinkIsSent) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = kReported});
  StatefulDevice device(kept_options(broker->tls_port()));
  for (std::uint16_t n = 1; n <= 20; ++n) ASSERT_TRUE(device.state().report(reading(n)));
  EXPECT_EQ(device->flush(kBound).unstored, 0U);
  device->start();
  ASSERT_TRUE(subscriber.wait_for_count(1, kBound));
  ASSERT_TRUE(device.wait_for_delivery(device.publish("other", "x")));
  EXPECT_EQ(subscriber.count(), 1U);
  EXPECT_EQ(report_of(subscriber.messages()[0]), (Report{20, 0, 20}));
}

TEST_F(StateTest, AReportWithoutALinkIsSentByTheNextProcess) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = kReported});
  {
    StatefulDevice device(kept_options(broker->tls_port()));
    ASSERT_TRUE(device.state().report(reading(3)));
    device->flush(kBound);
    const StopResult stopped = device->stop();
    EXPECT_EQ(stopped.undelivered, 0U);
    EXPECT_EQ(stopped.kept, 1U);
    EXPECT_TRUE(device.events_of(EventKind::message_dropped).empty());
  }
  StatefulDevice device(kept_options(broker->tls_port()));
  device->start();
  ASSERT_TRUE(subscriber.wait_for_count(1, kBound));
  EXPECT_EQ(report_of(subscriber.messages()[0]), (Report{1, 0, 3}));
}

TEST_F(StateTest, AStopSendsWhatWasJustReported) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = kReported});
  StatefulDevice device(kept_options(broker->tls_port()));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  ASSERT_TRUE(device.state().report(reading(3)));
  EXPECT_EQ(device->stop().kept, 0U);
  EXPECT_TRUE(subscriber.wait_for_count(1, kBound));
  EXPECT_EQ(device.state().report(reading(4)).error, Errc::closed);
}

TEST_F(StateTest, ABrokerThatHasLostEverythingGetsTheReportOnceMore) {
  const auto broker = make_broker();
  StatefulDevice device(kept_options(broker->tls_port()));
  ASSERT_TRUE(device.state().report(reading(5)));
  device->start();
  ASSERT_TRUE(wait_acknowledged(device));
  broker->restart();  // without persistence
  ASSERT_TRUE(broker->wait_log("Sending PUBACK to device", kBound)) << broker->log();
  Subscriber newcomer({.port = broker->plain_port(), .filter = kReported});
  ASSERT_TRUE(newcomer.wait_for_count(1, kBound));
  EXPECT_EQ(report_of(newcomer.messages()[0]), (Report{1, 0, 5}));
}

TEST_F(StateTest, AVersionThatGoesBackIsRefusedAndTheBackEndIsToldOurs) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = kReported});
  StatefulDevice device(kept_options(broker->tls_port()));
  device->start();
  publish(*broker, desired(40, "open"));
  ASSERT_TRUE(device.wanted().wait_for_count(1, kBound));
  ASSERT_TRUE(device.state().report(reading(1)));
  ASSERT_TRUE(subscriber.wait_for_count(1, kBound));
  publish(*broker, desired(3, "close"));
  const auto refused = device.wait_for(EventKind::state_refused);
  ASSERT_TRUE(refused);
  EXPECT_NE(refused->detail.find("version 40"), std::string::npos) << refused->detail;
  ASSERT_TRUE(subscriber.wait_for_count(2, kBound));
  EXPECT_EQ(report_of(subscriber.messages()[1]), (Report{2, 40, 1}));
  // The mend.
  publish(*broker, desired(41, "close"));
  ASSERT_TRUE(device.wanted().wait_for_count(2, kBound));
  EXPECT_EQ(device.wanted().all()[1], (Wanted{"close", 41}));
}

TEST_F(StateTest, WhatIsMalformedIsToldAndTheKeptStateStays) {
  const auto broker = make_broker();
  StatefulDevice device(kept_options(broker->tls_port()));
  device->start();
  publish(*broker, desired(1, "open"));
  ASSERT_TRUE(device.wanted().wait_for_count(1, kBound));
  publish(*broker, "{\"verb\": \"close\"}");
  ASSERT_TRUE(device.wait_for(EventKind::payload_rejected));
  const auto other = seal_state(2, as_payload(pack<Reading>(reading(1))));
  publish(*broker, std::string(as_text(other)));
  ASSERT_TRUE(device.wait_for(EventKind::payload_rejected, 2));
  publish(*broker, "");
  publish(*broker, desired(3, "close"));
  ASSERT_TRUE(device.wanted().wait_for_count(2, kBound));
  EXPECT_EQ(device.wanted().all(), (Wants{{"open", 1}, {"close", 3}}));
}

TEST_F(StateTest, NeedsAPlaceAndATopicOfItsOwn) {
  WatchedDevice homeless(options_for(1));
  EXPECT_THROW((homeless->state<Command, Reading>(kTopic)), ConfigError);
  WatchedDevice device(kept_options(1));
  EXPECT_THROW((device->state<Command, Reading>("a/#")), ConfigError);
  EXPECT_THROW((device->state<Command, Reading>("")), ConfigError);
  auto state = device->state<Command, Reading>(kTopic);
  EXPECT_THROW((device->state<Command, Reading>(kTopic)), ConfigError);
  for (std::size_t n = 1; n < limits::kMaxStateDocuments; ++n) {
    EXPECT_NO_THROW((device->state<Command, Reading>("t/" + std::to_string(n))));
  }
  EXPECT_THROW((device->state<Command, Reading>("one/too/many")), ConfigError);
}

}  // namespace
}  // namespace holdfast::test
