// Does each fault that a test can script do to a device what the real one would?

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "unit/testing/witness.hpp"

namespace holdfast::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Reason;

class WorldFaults : public ::testing::Test {
 protected:
  WorldFaults() : device_(world_.device(world_.options("truck"))), witness_(device_) {}

  testing::Broker& broker() { return world_.broker(); }

  void connect() {
    device_.start();
    world_.advance(1s);
    ASSERT_EQ(device_.status().state, State::connected) << witness_.text();
  }

  testing::World world_;
  Device device_;
  Witness witness_;
};

TEST_F(WorldFaults, AWrongKeyIsRefusedBeforeAnyMessage) {
  broker().prove_wrong_key();
  witness_.publish("t", "secret");
  device_.start();
  world_.advance(1s);
  const auto refused = witness_.events(EventKind::key_refused);
  ASSERT_GE(refused.size(), 1u);
  EXPECT_EQ(refused[0].error, Condition::identity_refused);
  ASSERT_TRUE(refused[0].key_refusal);
  EXPECT_EQ(refused[0].key_refusal->expected, world_.options().pins);
  EXPECT_EQ(witness_.events(EventKind::connect_failed).at(0).error, Errc::identity_refused);
  EXPECT_THAT(broker().logins(), IsEmpty());
  EXPECT_GE(device_.status().counters.pin_failures, 1u);

  broker().prove_right_key();
  world_.advance(2h);  // waits after such a refusal are long
  EXPECT_EQ(texts(broker().published()), std::vector<std::string>{"secret"});
}

TEST_F(WorldFaults, TheBackupKeyIsAsGoodAsTheFirst) {
  broker().prove_key(world_.options().pins[1]);
  connect();
  EXPECT_EQ(device_.status().vouching_pin, world_.options().pins[1]);
  EXPECT_THROW(broker().prove_key("sha256/short"), ConfigError);
}

TEST_F(WorldFaults, ALostAcknowledgementBringsASecondCopyWithTheSameId) {
  connect();
  broker().lose_next_acknowledgement();
  const MessageId id = witness_.publish("t", "once");
  world_.advance(1min);
  const auto copies = broker().published("t");
  ASSERT_EQ(copies.size(), 2u);
  EXPECT_EQ(copies[0].packet_id, copies[1].packet_id);
  EXPECT_FALSE(copies[0].again);
  EXPECT_TRUE(copies[1].again);
  ASSERT_EQ(witness_.deliveries().size(), 1u);  // the app hears of it once
  EXPECT_EQ(witness_.deliveries()[0].id, id);
  EXPECT_FALSE(witness_.deliveries()[0].error);
  EXPECT_EQ(witness_.count(EventKind::disconnected), 1u);
  EXPECT_EQ(witness_.count(EventKind::connected), 2u);
}

TEST_F(WorldFaults, AMessageThatEndsConnectionAfterConnectionIsSetAside) {
  connect();
  broker().lose_next_acknowledgement(3);
  witness_.publish("t", "poison");
  world_.advance(1h);
  ASSERT_EQ(witness_.deliveries().size(), 1u);
  EXPECT_EQ(witness_.deliveries()[0].error, Errc::set_aside);
  EXPECT_EQ(device_.status().state, State::connected);
}

TEST_F(WorldFaults, AnEndWithoutAWordIsMendedByItself) {
  connect();
  broker().end_connection();
  world_.advance(1min);
  const auto ended = witness_.events(EventKind::disconnected);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].error, Errc::connection_lost);
  EXPECT_EQ(device_.status().state, State::connected);
  ASSERT_EQ(broker().logins().size(), 2u);
  EXPECT_FALSE(broker().logins()[0].session_present);
  EXPECT_TRUE(broker().logins()[1].session_present);
}

TEST_F(WorldFaults, AnEndWithAReasonIsToldWithIt) {
  connect();
  broker().end_connection(Reason::shutting_down);
  world_.advance(1s);
  const auto ended = witness_.events(EventKind::disconnected);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].error, Errc::server_busy);
  EXPECT_THAT(ended[0].detail, HasSubstr("server shutting down"));
}

TEST_F(WorldFaults, ABrokerThatNamesAnotherIsFollowed) {
  auto& other = world_.broker("other.example.com");
  connect();
  broker().end_connection(Reason::use_another_server, "other.example.com");
  world_.advance(10s);
  EXPECT_EQ(witness_.count(EventKind::referred), 1u);
  EXPECT_TRUE(other.is_connected("truck"));
  EXPECT_FALSE(broker().is_connected("truck"));
}

TEST_F(WorldFaults, ABrokerThatIsDownIsDialledUntilItIsBack) {
  connect();
  broker().go_down();
  world_.advance(10min);
  const auto failed = witness_.events(EventKind::connect_failed);
  ASSERT_GE(failed.size(), 3u);
  EXPECT_EQ(failed[0].error, Errc::connection_refused);
  EXPECT_GE(witness_.count(EventKind::waiting), failed.size());
  broker().come_back();
  world_.advance(10min);
  EXPECT_EQ(device_.status().state, State::connected);
}

TEST_F(WorldFaults, ASilentBrokerIsFoundOutByItsPings) {
  device_.subscribe("cmd", [](const Message&) {});
  connect();
  broker().fall_silent();
  world_.advance(20min);
  const auto ended = witness_.events(EventKind::disconnected);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].error, Errc::timed_out);
  EXPECT_THAT(ended[0].detail, HasSubstr("PINGREQ"));
  broker().speak();
  world_.advance(20min);
  EXPECT_EQ(device_.status().state, State::connected);
}

TEST_F(WorldFaults, ALineThatGoesDownForAMomentLosesNothing) {
  connect();
  world_.link_down();
  witness_.publish("t", "x");
  world_.advance(5s);
  EXPECT_THAT(broker().published("t"), IsEmpty());
  world_.link_up();
  world_.advance(1s);
  EXPECT_EQ(texts(broker().published("t")), std::vector<std::string>{"x"});
  EXPECT_EQ(witness_.count(EventKind::disconnected), 0u);
  EXPECT_GT(device_.ledger().made[Cause::retransmission].up, 0u);
}

TEST_F(WorldFaults, ALineThatStaysDownIsFoundOutAndWaitsGrow) {
  connect();
  world_.link_down();
  witness_.publish("t", "x");
  world_.advance(19s);
  EXPECT_EQ(witness_.count(EventKind::disconnected), 0u);
  world_.advance(2s);  // `timeouts.response`
  const auto ended = witness_.events(EventKind::disconnected);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].error, Errc::timed_out);
  world_.advance(1h);
  EXPECT_EQ(witness_.events(EventKind::connect_failed).at(0).error, Errc::timed_out);
  // Full jitter below five minutes, and fifteen seconds for each attempt.
  EXPECT_GE(witness_.count(EventKind::waiting), 12u);
  EXPECT_LE(witness_.count(EventKind::waiting), 80u);
  EXPECT_EQ(device_.status().state == State::waiting || device_.status().state == State::connecting,
            true);
  world_.link_up();
  world_.advance(6min);
  EXPECT_EQ(texts(broker().published("t")), std::vector<std::string>{"x"});
}

// With nothing under way only those who want to be reached find out, by TCP's probes.
TEST_F(WorldFaults, AnIdleLineThatIsDeadIsFoundOutByProbes) {
  device_.subscribe("cmd", [](const Message&) {});
  connect();
  world_.link_down();
  world_.advance(4min + 20s);
  EXPECT_EQ(witness_.count(EventKind::disconnected), 0u);
  world_.advance(15s);
  const auto ended = witness_.events(EventKind::disconnected);
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_THAT(ended[0].detail, HasSubstr("keep-alive probes"));
}

TEST_F(WorldFaults, ANetworkThatAppearsEndsTheWait) {
  connect();
  world_.link_down();
  witness_.publish("t", "x");
  ASSERT_TRUE(world_.advance_until([&] { return device_.status().state == State::waiting; }, 1min));
  world_.advance(20min);
  ASSERT_TRUE(world_.advance_until([&] { return device_.status().state == State::waiting; }, 1min));
  world_.network_appears();
  world_.advance(1s);
  EXPECT_EQ(device_.status().state, State::connected);
}

TEST_F(WorldFaults, ARefusedMessageComesBackWithTheReason) {
  connect();
  broker().refuse("private/#", Reason::not_authorised);
  witness_.publish("private/t", "x");
  witness_.publish("public", "y");
  world_.advance(1s);
  ASSERT_EQ(witness_.deliveries().size(), 2u);
  EXPECT_EQ(witness_.deliveries()[0].error, Errc::not_authorised);
  EXPECT_FALSE(witness_.deliveries()[1].error);
  EXPECT_EQ(witness_.count(EventKind::message_refused), 1u);
  EXPECT_THAT(broker().published("private/#"), IsEmpty());
  ASSERT_EQ(broker().arrived("private/#").size(), 1u);
  EXPECT_EQ(broker().arrived("private/#")[0].refused, Reason::not_authorised);
}

TEST_F(WorldFaults, AQuotaPutsAMessageOffAndNoFurther) {
  connect();
  broker().refuse("t", Reason::quota_exceeded);
  witness_.publish("t", "x");
  world_.advance(10s);
  EXPECT_THAT(witness_.deliveries(), IsEmpty());
  broker().accept_all();
  world_.advance(30s);
  ASSERT_EQ(witness_.deliveries().size(), 1u);
  EXPECT_FALSE(witness_.deliveries()[0].error);
}

TEST_F(WorldFaults, ARefusedSubscriptionIsAnEvent) {
  broker().refuse_subscription("cmd/#");
  device_.subscribe("cmd/+", [](const Message&) {});
  device_.subscribe("news", [](const Message&) {});
  connect();
  EXPECT_EQ(witness_.count(EventKind::subscription_refused), 1u);
  EXPECT_EQ(witness_.count(EventKind::subscribed), 1u);
  EXPECT_EQ(broker().subscriptions("truck"), std::vector<std::string>{"news"});
}

TEST_F(WorldFaults, ARefusedLoginWaitsForItsReason) {
  broker().refuse_logins(Reason::bad_credentials);
  device_.start();
  world_.advance(1s);
  const auto failed = witness_.events(EventKind::connect_failed);
  ASSERT_EQ(failed.size(), 1u);
  EXPECT_EQ(failed[0].error, Errc::bad_credentials);
  EXPECT_THAT(broker().logins(), IsEmpty());
  broker().accept_all();
  world_.advance(2h);
  EXPECT_EQ(device_.status().state, State::connected);
}

TEST_F(WorldFaults, AForgottenSessionIsMadeAnew) {
  std::vector<std::string> heard;
  device_.subscribe("cmd",
                    [&](const Message& message) { heard.emplace_back(as_text(message.payload)); });
  connect();
  broker().end_connection();
  broker().forget_sessions();
  EXPECT_EQ(broker().deliver("cmd", "lost"), 0u);
  world_.advance(1min);
  ASSERT_EQ(broker().logins().size(), 2u);
  EXPECT_FALSE(broker().logins()[1].session_present);
  EXPECT_EQ(broker().deliver("cmd", "heard"), 1u);
  world_.advance(1s);
  EXPECT_THAT(heard, ElementsAre("heard"));
}

TEST_F(WorldFaults, WhatCameWhileItWasAwayIsHandedOverOnce) {
  std::vector<std::string> heard;
  device_.subscribe("cmd",
                    [&](const Message& message) { heard.emplace_back(as_text(message.payload)); });
  connect();
  broker().go_down();
  world_.advance(1s);
  EXPECT_EQ(broker().deliver("cmd", "kept"), 1u);
  EXPECT_EQ(broker().deliver("cmd", "not kept", {.qos = Qos::at_most_once}), 0u);
  broker().come_back();
  world_.advance(10min);
  EXPECT_THAT(heard, ElementsAre("kept"));
}

TEST_F(WorldFaults, WhatTheBrokerGrantsIsKeptTo) {
  broker().grant({.receive_maximum = 2, .maximum_packet_bytes = 100, .retain = Retain::no});
  connect();
  witness_.publish("t", std::string(200, 'x'));
  witness_.publish("t", "kept", {.retain = Retain::yes});
  for (int n = 0; n < 5; ++n) witness_.publish("t", "x");
  EXPECT_EQ(device_.status().under_way, 0u);
  world_.advance(1ms);
  EXPECT_EQ(device_.status().under_way, 2u);
  world_.advance(1s);
  ASSERT_EQ(witness_.deliveries().size(), 7u);
  EXPECT_EQ(witness_.deliveries()[0].error, Errc::payload_too_large);
  EXPECT_EQ(witness_.deliveries()[1].error, Errc::refused_by_broker);
  EXPECT_EQ(broker().published("t").size(), 5u);
}

TEST_F(WorldFaults, AnotherClientWithTheSameNameTakesTheSession) {
  connect();
  auto twin = world_.device(world_.options("truck"));
  twin.start();
  world_.advance(2s);
  EXPECT_EQ(witness_.count(EventKind::duplicate_client_id), 1u) << witness_.text();
}

// Whatever comes, in whatever order: nothing that was accepted is lost, and each is told once.
TEST(WorldFaultsAtRandom, LoseNoMessageAndTellOfEachOnce) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    testing::World world({.seed = seed});
    std::mt19937_64 dice(seed);
    const auto draw = [&dice](std::uint64_t below) { return dice() % below; };
    auto device = world.device(world.options());
    Witness witness(device);
    device.subscribe("cmd", [](const Message&) {});
    device.start();
    std::vector<MessageId> accepted;
    for (int step = 0; step < 60; ++step) {
      switch (draw(10)) {
        case 0:
          world.link_down();
          break;
        case 1:
          world.link_up();
          break;
        case 2:
          world.broker().end_connection();
          break;
        case 3:
          world.broker().lose_next_acknowledgement();
          break;
        case 4:
          world.broker().go_down();
          break;
        case 5:
          world.broker().come_back();
          break;
        case 6:
          draw(2) == 0 ? world.broker().fall_silent() : world.broker().speak();
          break;
        case 7:
          world.broker().forget_sessions();
          break;
        case 8:
          draw(2) == 0 ? world.broker().prove_wrong_key() : world.broker().prove_right_key();
          break;
        default:
          world.broker().deliver("cmd", "x");
          break;
      }
      accepted.push_back(witness.publish("t", std::to_string(step)));
      world.advance(std::chrono::milliseconds(draw(60'000)));
    }
    if (seed % 4 == 0) {
      const StopResult result = device.stop(5s);
      EXPECT_EQ(witness.deliveries().size(), accepted.size()) << seed;
      EXPECT_GE(world.broker().published("t").size() + result.undelivered, accepted.size()) << seed;
      continue;
    }
    world.link_up();
    world.broker().come_back();
    world.broker().speak();
    world.broker().prove_right_key();
    world.advance(2h);
    ASSERT_EQ(witness.deliveries().size(), accepted.size()) << seed << "\n" << witness.text();
    std::set<std::string> arrived;
    for (const auto& one : world.broker().published("t")) arrived.insert(one.text());
    for (const Delivery& delivery : witness.deliveries()) {
      if (!delivery.error) continue;
      // Only what took connections down, one after the other, is given up.
      EXPECT_EQ(delivery.error, Errc::set_aside) << seed;
    }
    EXPECT_EQ(arrived.size(), accepted.size()) << seed;
    EXPECT_EQ(device.status().state, State::connected) << seed;
  }
}

TEST_F(WorldFaults, AFallbackBrokerStandsInForOneThatIsDown) {
  Options options = world_.options("second");
  options.fallback_brokers = {{.broker = "mqtts://fallback.example.com", .pins = {}}};
  auto& fallback = world_.broker("fallback.example.com");
  auto device = world_.device(options);
  broker().go_down();
  device.start();
  world_.advance(1s);
  EXPECT_TRUE(fallback.is_connected("second"));
}

}  // namespace
}  // namespace holdfast::test
