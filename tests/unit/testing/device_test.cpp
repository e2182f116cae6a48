// Is the device of a world the real one, in all that an app uses?

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include <holdfast/receiver.hpp>
#include <holdfast/series.hpp>

#include "command_generated.h"
#include "presence/status_document.hpp"
#include "reading_generated.h"
#include "unit/testing/witness.hpp"

namespace holdfast::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ReadingT reading(std::uint16_t speed) {
  ReadingT reading;
  reading.speed_cm_s = speed;
  return reading;
}

class WorldDevice : public ::testing::Test {
 protected:
  testing::Broker& broker() { return world_.broker(); }

  Options kept_options(std::string_view name = "truck") {
    Options options = world_.options(name);
    options.state_dir = world_.state_dir(name);
    return options;
  }

  /// What the retained status says.
  bool is_online(std::string_view topic) {
    const auto retained = broker().retained(topic);
    std::string why;
    const auto status = retained ? presence::decode_status(retained->payload, why) : std::nullopt;
    EXPECT_TRUE(status) << why;
    return status && status->online;
  }

  testing::World world_;
};

// --- Out -----------------------------------------------------------------------------------------

TEST_F(WorldDevice, ReadingsOfAStreamShareAMessage) {
  auto device = world_.device(world_.options());
  auto stream = device.stream<Reading>("r", {.max_delay = 1min});
  device.start();
  for (std::uint16_t n = 0; n < 6; ++n) {
    EXPECT_TRUE(stream.push(reading(n)));
    world_.advance(10s);
  }
  world_.advance(1min);
  const auto published = broker().published("r");
  ASSERT_EQ(published.size(), 1u);
  Body body;
  ASSERT_FALSE(open_envelope(published[0].payload, body));
  ASSERT_EQ(body.count(), 6u);
  EXPECT_EQ(body.origin->sequence, 1u);
}

TEST_F(WorldDevice, ASeriesHasTheTimesOfTheWorld) {
  auto device = world_.device(world_.options());
  const SeriesLayout layout({{.name = "speed", .resolution = 0.1}});
  auto series = device.series("s", layout, {.max_delay = 1min});
  device.start();
  world_.advance(1s);  // from its start on it knows the date
  const auto first = world_.date();
  for (int n = 0; n < 3; ++n) {
    const Sample sample(n * 1.5);
    series.push(std::span(&sample, 1));
    world_.advance(20s);
  }
  world_.advance(1min);
  EXPECT_EQ(broker().published("s/layout").size(), 1u);
  const auto published = broker().published("s");
  ASSERT_EQ(published.size(), 1u);
  SeriesReader reader(layout);
  ASSERT_FALSE(reader.open(published[0].payload));
  ASSERT_EQ(reader.size(), 3u);
  using std::chrono::milliseconds;
  const auto ms = std::chrono::duration_cast<milliseconds>(first.time_since_epoch()).count();
  EXPECT_THAT(reader.times_ms(), ElementsAre(ms, ms + 20'000, ms + 40'000));
}

TEST_F(WorldDevice, UrgentMessagesGoFirst) {
  auto device = world_.device(world_.options());
  device.start();
  device.publish("t", as_payload("low"), {.priority = Priority::low});
  device.publish("t", as_payload("normal"));
  device.publish("t", as_payload("urgent"), {.priority = Priority::urgent});
  world_.advance(1s);
  EXPECT_THAT(texts(broker().published("t")), ElementsAre("urgent", "normal", "low"));
}

TEST_F(WorldDevice, AMessageExpiresWhileTheLineIsDown) {
  auto device = world_.device(world_.options());
  Witness witness(device);
  device.start();
  world_.advance(1s);
  world_.link_down();
  world_.advance(1s);
  witness.publish("t", "mortal", {.ttl = 10min});
  witness.publish("t", "lasting", {.ttl = 2h});
  world_.advance(1h);
  ASSERT_EQ(witness.deliveries().size(), 1u);
  EXPECT_EQ(witness.deliveries()[0].error, Errc::expired);
  world_.link_up();
  world_.advance(10min);
  const auto published = broker().published("t");
  EXPECT_THAT(texts(published), ElementsAre("lasting"));
  EXPECT_LE(published.at(0).expires_in, 1h);  // what is left of it
}

TEST_F(WorldDevice, AllThreeQualitiesOfServiceArrive) {
  auto device = world_.device(world_.options());
  Witness witness(device);
  device.start();
  world_.advance(1s);
  for (const Qos qos : {Qos::at_most_once, Qos::at_least_once, Qos::exactly_once}) {
    witness.publish("t", "x", {.qos = qos});
  }
  world_.advance(1s);
  ASSERT_EQ(witness.deliveries().size(), 3u);
  for (const Delivery& delivery : witness.deliveries()) EXPECT_FALSE(delivery.error);
  EXPECT_EQ(broker().published("t").size(), 3u);
}

TEST_F(WorldDevice, MqttThreeDoesAsWell) {
  Options options = world_.options();
  options.mqtt_version = MqttVersion::v3_1_1;
  auto device = world_.device(options);
  Witness witness(device);
  std::vector<std::string> heard;
  device.subscribe("cmd",
                   [&](const Message& message) { heard.emplace_back(as_text(message.payload)); });
  device.start();
  witness.publish("t", "x");
  world_.advance(1s);
  broker().deliver("cmd", "y");
  world_.advance(1s);
  EXPECT_EQ(broker().published("t").size(), 1u);
  EXPECT_THAT(heard, ElementsAre("y"));
}

// --- In ------------------------------------------------------------------------------------------

TEST_F(WorldDevice, RetainedMessagesComeWithTheSubscription) {
  broker().deliver("config", "kept", {.retain = Retain::yes});
  auto device = world_.device(world_.options());
  std::vector<Message> heard;
  device.subscribe("config", [&](Message message) { heard.push_back(std::move(message)); });
  device.start();
  world_.advance(1s);
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].retain, Retain::yes);
  broker().deliver("config", "new", {.retain = Retain::yes, .expires_in = 60s});
  world_.advance(1s);
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_EQ(heard[1].retain, Retain::no);
  ASSERT_TRUE(heard[1].expires);
  EXPECT_NEAR(std::chrono::duration<double>(*heard[1].expires - world_.now()).count(), 59.05, 0.01);
  EXPECT_EQ(broker().retained("config")->text(), "new");
}

TEST_F(WorldDevice, ACommandIsRunOnceAndAnsweredEachTime) {
  auto device = world_.device(kept_options());
  std::vector<std::string> ran;
  device.on_command<Command, Reading>("cmd", [&](const Command& command) {
    ran.push_back(command.verb()->str());
    return CommandResult<Reading>(reading(7));
  });
  device.start();
  world_.advance(1s);
  CommandT command;
  command.verb = "open";
  const auto packed = pack<Command>(command);
  const auto id = as_payload("id-1");
  const testing::DeliverOptions options{.response_topic = "answers",
                                        .correlation_data = {id.begin(), id.end()}};
  broker().deliver("cmd", as_payload(packed), options);
  broker().deliver("cmd", as_payload(packed), options);
  world_.advance(1s);
  EXPECT_THAT(ran, ElementsAre("open"));
  const auto answers = broker().published("answers");
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].payload, answers[1].payload);
  EXPECT_EQ(as_text(answers[0].correlation_data), "id-1");
}

TEST_F(WorldDevice, ACallIsAnsweredByAnotherDeviceOrEndsInTime) {
  auto truck = world_.device(world_.options("truck"));
  truck.on_command<Command, Reading>(
      "truck/cmd", [](const Command&) { return CommandResult<Reading>(reading(42)); });
  auto depot = world_.device(world_.options("depot"));
  truck.start();
  depot.start();
  world_.advance(1s);
  std::vector<std::string> ends;
  const auto note = [&](const CallResult<Reading>& result) {
    ends.push_back(result ? std::to_string(result.reply->speed_cm_s()) : result.error.message());
  };
  CommandT command;
  command.verb = "speed?";
  depot.call<Command, Reading>("truck/cmd", command, {}, note);
  world_.advance(2s);
  EXPECT_THAT(ends, ElementsAre("42"));
  depot.call<Command, Reading>("nobody/cmd", command, {.deadline = 10s}, note);
  world_.advance(9s);
  EXPECT_EQ(ends.size(), 1u);
  world_.advance(2s);
  ASSERT_EQ(ends.size(), 2u);
  EXPECT_EQ(ends[1], make_error_code(Errc::timed_out).message());
}

TEST_F(WorldDevice, AStateDocumentGoesBothWays) {
  auto device = world_.device(kept_options());
  auto state = device.state<Command, Reading>("truck/state");
  std::vector<std::string> wanted;
  state.on_desired([&](const Command& command, std::uint64_t version) {
    wanted.push_back(command.verb()->str() + " " + std::to_string(version));
  });
  EXPECT_TRUE(state.report(reading(1)));
  device.start();
  world_.advance(1s);
  CommandT command;
  command.verb = "eco";
  broker().deliver("truck/state/desired", seal_state(3, as_payload(pack<Command>(command))),
                   {.retain = Retain::yes});
  world_.advance(1s);
  EXPECT_THAT(wanted, ElementsAre("eco 3"));
  EXPECT_TRUE(state.report(reading(2)));
  EXPECT_TRUE(state.report(reading(2)));  // nothing new
  world_.advance(1s);
  const auto reported = broker().published("truck/state/reported");
  ASSERT_EQ(reported.size(), 2u);
  StateBody body;
  ASSERT_FALSE(open_state(reported[1].payload, body));
  EXPECT_EQ(body.version, 2u);
  EXPECT_EQ(body.seen, 3u);
}

// --- Presence ------------------------------------------------------------------------------------

TEST_F(WorldDevice, TheWillTellsOfADeviceThatVanishes) {
  Options options = world_.options();
  options.presence = Presence{.topic = "status", .offline_after = 1h};
  auto device = world_.device(options);
  device.start();
  world_.advance(1min);
  ASSERT_EQ(broker().published("status").size(), 1u);
  EXPECT_TRUE(is_online("status"));
  world_.link_down();
  world_.advance(90min);  // the broker notices by its keep-alive, and waits an hour
  EXPECT_EQ(broker().published("status").size(), 2u);
  EXPECT_FALSE(is_online("status"));
}

TEST_F(WorldDevice, AStopIsToldAtOnce) {
  Options options = world_.options();
  options.presence = Presence{.topic = "status"};
  auto device = world_.device(options);
  device.start();
  world_.advance(1min);
  EXPECT_TRUE(device.stop().clean);
  world_.advance(1s);
  EXPECT_FALSE(is_online("status"));
}

// --- Ends ----------------------------------------------------------------------------------------

TEST_F(WorldDevice, AStopWaitsForWhatIsUnderWayInTheTimeOfTheWorld) {
  auto device = world_.device(world_.options());
  Witness witness(device);
  device.start();
  world_.advance(1s);
  witness.publish("t", "x", {.max_delay = 1h});
  const auto begun = world_.now();
  const StopResult result = device.stop(10s);
  EXPECT_TRUE(result.clean);
  EXPECT_EQ(result.undelivered, 0u);
  EXPECT_EQ(broker().published("t").size(), 1u);
  EXPECT_LT(world_.now() - begun, 1s);
  EXPECT_GE(world_.now() - begun, 200ms);  // the message and its answer, the close and its own
  EXPECT_EQ(device.publish("t", as_payload("y")).error, Errc::closed);
  ASSERT_EQ(witness.count(EventKind::stopped), 1u);
}

TEST_F(WorldDevice, AStopOnADeadLineTakesItsTimeAndNoMore) {
  auto device = world_.device(world_.options());
  device.start();
  world_.advance(1s);
  world_.link_down();
  device.publish("t", as_payload("x"));
  const auto begun = world_.now();
  const StopResult result = device.stop(10s);
  EXPECT_EQ(result.undelivered, 1u);
  EXPECT_LE(world_.now() - begun, 10s);
  EXPECT_GE(world_.now() - begun, 7s);  // three quarters are for the message
}

TEST_F(WorldDevice, ADrainSendsWhatWaitsAndTellsWhatIsLeft) {
  auto device = world_.device(world_.options());
  device.start();
  world_.advance(1s);
  for (int n = 0; n < 3; ++n) device.publish("t", as_payload("x"), {.max_delay = 1h});
  EXPECT_EQ(device.drain(10s).undelivered, 0u);
  EXPECT_EQ(broker().published("t").size(), 3u);
  world_.link_down();
  device.publish("t", as_payload("x"));
  const auto begun = world_.now();
  EXPECT_EQ(device.drain(10s).undelivered, 1u);
  EXPECT_EQ(world_.now() - begun, 10s);
}

// --- The disk ------------------------------------------------------------------------------------

TEST_F(WorldDevice, ADurableMessageIsStoredWithoutALine) {
  world_.link_down();
  auto device = world_.device(kept_options());
  std::vector<Stored> stored;
  device.publish("t", as_payload("x"),
                 {.durable = Durable::at_push(),
                  .on_stored = [&](const Stored& one) { stored.push_back(one); }});
  EXPECT_EQ(device.flush(1s).unstored, 0u);
  world_.advance(1s);
  ASSERT_EQ(stored.size(), 1u);
  EXPECT_FALSE(stored[0].error);
  EXPECT_EQ(device.status().counters.stored, 1u);
}

TEST_F(WorldDevice, WhatIsAcknowledgedInTimeNeverTouchesTheDisk) {
  auto device = world_.device(kept_options());
  device.start();
  world_.advance(1s);
  device.publish("t", as_payload("x"), {.durable = Durable::within(1min)});
  world_.advance(1h);
  EXPECT_EQ(device.status().counters.stored, 0u);
  world_.link_down();
  device.publish("t", as_payload("y"), {.durable = Durable::within(1min)});
  world_.advance(59s);
  EXPECT_EQ(device.status().counters.stored, 0u);
  world_.advance(2s);
  EXPECT_EQ(device.status().counters.stored, 1u);
}

TEST_F(WorldDevice, ACrashKeepsWhatIsStoredAndNothingElse) {
  {
    auto device = world_.device(kept_options());
    Witness witness(device);
    device.start();
    world_.advance(1s);
    world_.link_down();
    witness.publish("t", "stored", {.durable = Durable::at_push()});
    world_.advance(1s);
    witness.publish("t", "lost", {.durable = Durable::within(1h)});
    witness.publish("t", "lost as well");
    const std::size_t events = witness.events().size();
    world_.crash(device);
    EXPECT_EQ(witness.events().size(), events);
    EXPECT_THAT(witness.deliveries(), IsEmpty());
    EXPECT_EQ(device.publish("t", as_payload("x")).error, Errc::closed);
  }
  world_.link_up();
  auto device = world_.device(kept_options());
  device.start();
  world_.advance(1min);
  EXPECT_THAT(texts(broker().published("t")), ElementsAre("stored"));
}

// The next process may be there before the object of the last one is gone.
TEST_F(WorldDevice, ACrashedDeviceFreesItsDirectory) {
  auto first = world_.device(kept_options());
  first.start();
  world_.advance(1s);
  EXPECT_THROW(world_.device(kept_options()), ConfigError);
  world_.crash(first);
  auto second = world_.device(kept_options());
  second.start();
  world_.advance(10s);
  EXPECT_EQ(second.status().state, State::connected);
}

TEST_F(WorldDevice, ASecondCopyAfterACrashHasTheSameNumber) {
  {
    auto device = world_.device(kept_options());
    auto stream = device.stream<Reading>("r", {.durable = Durable::at_push()});
    device.start();
    world_.advance(1s);
    broker().lose_next_acknowledgement();
    stream.push(reading(1));
    ASSERT_TRUE(world_.advance_until([&] { return broker().published("r").size() == 1; }, 1min));
    world_.crash(device);
  }
  auto device = world_.device(kept_options());
  device.start();
  world_.advance(1min);
  SequenceTracker tracker;
  for (const auto& one : broker().published("r")) {
    Body body;
    ASSERT_FALSE(open_envelope(one.payload, body));
    tracker.see(one.topic, *body.origin_of(0));
  }
  EXPECT_EQ(tracker.fresh(), 1u);
  EXPECT_EQ(tracker.duplicates(), 1u);
}

TEST_F(WorldDevice, ACrashLeavesTheWillAndAStopDoesNot) {
  Options options = world_.options();
  options.will = Will{.topic = "gone", .payload = {}, .delay = 1min};
  auto device = world_.device(options);
  device.start();
  world_.advance(1s);
  world_.crash(device);
  world_.advance(30s);
  EXPECT_THAT(broker().published("gone"), IsEmpty());
  world_.advance(1min);
  EXPECT_EQ(broker().published("gone").size(), 1u);
}

TEST_F(WorldDevice, ADeviceThatNeverStartedCanCrash) {
  auto device = world_.device(kept_options());
  world_.crash(device);
  EXPECT_EQ(device.status().state, State::stopped);
  testing::World other;
  auto foreign = other.device(other.options());
  EXPECT_THROW(world_.crash(foreign), std::logic_error);
}

// Everything that a device has can be used after its world's objects have gone the other way round.
TEST_F(WorldDevice, ADeviceMayOutliveItsWorld) {
  auto world = std::make_unique<testing::World>();
  auto device = world->device(world->options());
  device.start();
  world->advance(1s);
  world.reset();
  EXPECT_TRUE(device.stop().clean);
}

}  // namespace
}  // namespace holdfast::test
