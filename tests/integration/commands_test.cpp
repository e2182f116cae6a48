// Is a command run once and answered, whatever the broker, the line and the caller do?

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "command_generated.h"
#include "commands/command_error.hpp"
#include "integration/device_fixture.hpp"
#include "reading_generated.h"
#include "support/subscriber.hpp"
#include "support/tcp_proxy.hpp"

namespace holdfast::test {
namespace {

std::string request(const std::string& verb) {
  CommandT command;
  command.verb = verb;
  return std::string(as_text(as_payload(pack<Command>(command))));
}

std::vector<std::string> times(std::size_t count, const std::string& text) {
  return std::vector<std::string>(count, text);
}

// One end of a call, as its handler heard of it.
struct Ended {
  bool has_reply = false;
  std::uint64_t time_ms = 0;
  std::error_code error;
  std::string detail;
  std::optional<CommandError> refusal;
};

class CommandsTest : public DeviceTest {
 protected:
  CommandsTest() : broker_(make_broker()) {}

  Options device_options(const std::string& state_dir = "state") {
    Options options = options_for(broker_->tls_port(), "truck");
    if (!state_dir.empty()) options.state_dir = dir_.path() / state_dir;
    return options;
  }

  // Does what is asked on "cmd", and notes it.
  void obey(Device& device) {
    device.on_command<Command, Reading>("cmd", [this](const Command& command) {
      return CommandResult<Reading>(do_it(command.verb()->str()));
    });
  }
  CommandResult<Reading> do_it(const std::string& verb) {
    ran_.append(verb);
    if (verb == "refuse") return CommandError{.code = 7, .text = "the truck is moving"};
    ReadingT reading;
    reading.time_ms = ran_.size();
    return reading;
  }

  // A device that obeys, connected and subscribed.
  std::unique_ptr<WatchedDevice> start(const Options& options) {
    auto device = std::make_unique<WatchedDevice>(options);
    obey(**device);
    (*device)->start();
    EXPECT_TRUE(device->wait_for(EventKind::subscribed));
    return device;
  }

  Receipt call(WatchedDevice& caller, const std::string& verb, CallOptions options = {}) {
    CommandT command;
    command.verb = verb;
    return caller->call<Command, Reading>(
        "cmd", command, options, [this](const CallResult<Reading>& result) {
          ended_.append({result.reply != nullptr, result ? result.reply->time_ms() : 0,
                         result.error, result.detail, result.refusal});
        });
  }

  static MessageProperties asking(const std::string& id) {
    return {.response_topic = "reply/backend", .correlation_data = id};
  }

  std::unique_ptr<Mosquitto> broker_;
  EventLog<std::string> ran_;
  EventLog<Ended> ended_;
};

TEST_F(CommandsTest, ACallIsAnswered) {
  const auto device = start(device_options());
  WatchedDevice caller(options_for(broker_->tls_port(), "backend"));
  caller->start();
  for (int n = 0; n < 3; ++n) ASSERT_TRUE(call(caller, "open"));
  ASSERT_TRUE(ended_.wait_for_count(3, kBound));
  for (std::size_t n = 0; n < 3; ++n) {
    EXPECT_TRUE(ended_.all()[n].has_reply) << ended_.all()[n].detail;
    EXPECT_EQ(ended_.all()[n].time_ms, n + 1);
  }
  EXPECT_EQ((*device)->status().counters.commands_run, 3U);
  EXPECT_EQ(caller->status().counters.foreign_replies, 0U);
}

TEST_F(CommandsTest, AnErrorOfTheAppReachesTheCallerTyped) {
  const auto device = start(device_options());
  WatchedDevice caller(options_for(broker_->tls_port(), "backend"));
  caller->start();
  ASSERT_TRUE(call(caller, "refuse"));
  ASSERT_TRUE(ended_.wait_for_count(1, kBound));
  const Ended end = ended_.all()[0];
  EXPECT_EQ(end.error, Errc::command_failed);
  EXPECT_EQ(end.detail, "the truck is moving");
  ASSERT_TRUE(end.refusal);
  EXPECT_EQ(end.refusal->code, 7);
  EXPECT_EQ(end.refusal->reason, CommandReason::app);
}

TEST_F(CommandsTest, TheSameCallOnceMoreIsAnsweredFromMemory) {
  const auto device = start(device_options());
  WatchedDevice caller(options_for(broker_->tls_port(), "backend"));
  caller->start();
  for (std::size_t n = 1; n <= 2; ++n) {
    ASSERT_TRUE(call(caller, "open", {.id = "order 7"}));
    ASSERT_TRUE(ended_.wait_for_count(n, kBound));
    EXPECT_EQ(ended_.all()[n - 1].time_ms, 1U);
  }
  ASSERT_TRUE(call(caller, "close", {.id = "order 7"}));
  ASSERT_TRUE(ended_.wait_for_count(3, kBound));
  EXPECT_EQ(ended_.all()[2].error, Errc::command_refused);
  EXPECT_EQ(ended_.all()[2].refusal->reason, CommandReason::id_reused);
  EXPECT_EQ(ran_.all(), times(1, "open"));
}

TEST_F(CommandsTest, ABackEndOfAnotherMakeIsAnsweredWithItsCorrelationData) {
  const auto device = start(device_options());
  Subscriber backend({.port = broker_->plain_port(), .filter = "reply/backend"});
  Publisher publisher({.port = broker_->plain_port()});
  const std::string id("\0\xFF", 2);
  for (int n = 0; n < 2; ++n) publisher.publish("cmd", request("open"), 1, false, asking(id));
  publisher.publish("cmd", "no FlatBuffer", 1, false, asking("x"));
  ASSERT_TRUE(backend.wait_for_count(3, kBound));
  const auto answers = backend.messages();
  EXPECT_EQ(answers[0].correlation_data, id);
  EXPECT_EQ(answers[0].qos, 1);
  EXPECT_TRUE(answers[0].expiry_s);
  EXPECT_EQ(answers[1].payload, answers[0].payload);
  EXPECT_EQ(answers[2].correlation_data, "x");
  EXPECT_EQ(commands::decode_error(as_payload(answers[2].payload))->reason,
            CommandReason::malformed);
  EXPECT_EQ(ran_.all(), times(1, "open"));
  EXPECT_TRUE((*device).wait_for(EventKind::payload_rejected));
  EXPECT_TRUE((*device).wait_for(EventKind::command_refused));
}

// The broker itself brings it twice: the acknowledgement of the first copy never arrived.
TEST_F(CommandsTest, WhatTheBrokerBringsOnceMoreIsRunOnce) {
  TcpProxy proxy(broker_->tls_port());
  Options options = device_options();
  options.broker = "mqtts://127.0.0.1:" + std::to_string(proxy.port());
  const auto device = start(options);
  Subscriber backend({.port = broker_->plain_port(), .filter = "reply/backend"});
  proxy.black_hole(true, TcpProxy::Way::kUp);
  Publisher publisher({.port = broker_->plain_port()});
  publisher.publish("cmd", request("open"), 1, false, asking("a"));
  ASSERT_TRUE(ran_.wait_for_count(1, kBound));
  proxy.cut_all();
  proxy.black_hole(false);
  ASSERT_TRUE(device->wait_for(EventKind::connected, 2));
  ASSERT_TRUE(backend.wait_for_count(2, kBound)) << "each copy is answered";
  EXPECT_EQ(backend.messages()[0].payload, backend.messages()[1].payload);
  EXPECT_EQ((*device)->status().counters.commands_repeated, 1U);
  EXPECT_EQ(ran_.all(), times(1, "open"));
}

TEST_F(CommandsTest, AfterARestartASecondCopyIsAnsweredWithTheSameBytes) {
  Subscriber backend({.port = broker_->plain_port(), .filter = "reply/backend"});
  Publisher publisher({.port = broker_->plain_port()});
  for (std::size_t n = 1; n <= 2; ++n) {
    const auto device = start(device_options());
    publisher.publish("cmd", request("open"), 1, false, asking("a"));
    ASSERT_TRUE(backend.wait_for_count(n, kBound));
  }
  EXPECT_EQ(backend.messages()[0].payload, backend.messages()[1].payload);
  EXPECT_EQ(ran_.all(), times(1, "open"));
}

TEST_F(CommandsTest, WhatWaitedBeyondItsDeadlineForTheHandlerIsNotRun) {
  std::mutex mutex;
  std::condition_variable changed;
  bool is_over = false;
  EventLog<Message> blocked;
  WatchedDevice device(device_options());
  obey(*device);
  device->subscribe("block", [&](Message message) {
    const auto expires = message.expires;
    blocked.append(std::move(message));
    std::unique_lock lock(mutex);
    changed.wait_until(lock, *expires + 1s, [&] { return is_over; });
  });
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::subscribed, 2));
  Subscriber backend({.port = broker_->plain_port(), .filter = "reply/backend"});
  Publisher publisher({.port = broker_->plain_port()});
  publisher.publish("block", "x", 1, false, {.expiry_s = 2});
  ASSERT_TRUE(blocked.wait_for_count(1, kBound));
  MessageProperties timed = asking("a");
  timed.expiry_s = 1;
  publisher.publish("cmd", request("late"), 1, false, timed);
  publisher.publish("cmd", request("timeless"), 1, false, asking("b"));
  ASSERT_TRUE(backend.wait_for_count(2, kBound));
  EXPECT_EQ(commands::decode_error(as_payload(backend.messages()[0].payload))->reason,
            CommandReason::expired);
  EXPECT_EQ(ran_.all(), times(1, "timeless"));
}

// --- Whose session it is -------------------------------------------------------------------------

class PredecessorTest : public CommandsTest {
 protected:
  // A device was there, and is gone; the broker has a command for it.
  void leave_a_command(const Options& options) {
    start(options)->operator*().stop();
    Publisher publisher({.port = broker_->plain_port()});
    publisher.publish("cmd", request("queued"), 1, false, asking("q"));
    ASSERT_TRUE(publisher.wait_acks(kBound));
  }
  // The one that comes next, and a command that is sent when it is there.
  void come_back(const Options& options) {
    const auto device = start(options);
    Subscriber backend({.port = broker_->plain_port(), .filter = "reply/backend"});
    Publisher publisher({.port = broker_->plain_port()});
    publisher.publish("cmd", request("fresh"), 1, false, asking("f"));
    ASSERT_TRUE(backend.wait_for(
        [](const auto& answers) {
          return std::any_of(answers.begin(), answers.end(),
                             [](const auto& answer) { return answer.correlation_data == "f"; });
        },
        kBound));
  }
};

TEST_F(PredecessorTest, TheSameDeviceRunsWhatWasQueuedForIt) {
  leave_a_command(device_options("state"));
  come_back(device_options("state"));
  EXPECT_EQ(ran_.all(), (std::vector<std::string>{"queued", "fresh"}));
}

TEST_F(PredecessorTest, ABoardThatReplacesAnotherDoesNot) {
  leave_a_command(device_options("state"));
  come_back(device_options("another"));
  EXPECT_EQ(ran_.all(), times(1, "fresh"));
}

TEST_F(PredecessorTest, ADirectoryThatServedAnotherNameIsNoProofOfThisOne) {
  Options other = device_options("another");
  other.client_id = "truck-before";
  start(other)->operator*().stop();
  leave_a_command(device_options("state"));
  come_back(device_options("another"));
  EXPECT_EQ(ran_.all(), times(1, "fresh"));
}

TEST_F(PredecessorTest, WithoutAStateDirectoryNothingThatWasQueuedIsRun) {
  leave_a_command(device_options(""));
  come_back(device_options(""));
  EXPECT_EQ(ran_.all(), times(1, "fresh"));
}

TEST_F(PredecessorTest, ADeviceThatHasLostItsMemoryRunsNothingThatWasQueued) {
  leave_a_command(device_options("state"));
  dir_.write("state/commands.1.log", "nothing that was ever written there");
  come_back(device_options("state"));
  EXPECT_EQ(ran_.all(), times(1, "fresh"));
}

// Each broker has a queue of its own for the client identifier.
TEST_F(PredecessorTest, AFallbackBrokerIsStartedCleanAsWell) {
  const auto second = make_broker();
  const auto url_of = [](std::uint16_t port) {
    return "mqtts://127.0.0.1:" + std::to_string(port);
  };
  Options before = device_options("state");
  before.broker = url_of(second->tls_port());
  start(before)->operator*().stop();
  Publisher publisher({.port = second->plain_port()});
  publisher.publish("cmd", request("queued"), 1, false, asking("q"));
  ASSERT_TRUE(publisher.wait_acks(kBound));

  TcpProxy road(broker_->tls_port());
  Options options = device_options("another");
  options.broker = url_of(road.port());
  options.fallback_brokers = {{.broker = before.broker}};
  const auto device = start(options);
  road.refuse_new(true);
  road.cut_all();
  ASSERT_TRUE(device->wait_for(EventKind::subscribed, 2));
  publisher.publish("cmd", request("fresh"), 1, false, asking("f"));
  ASSERT_TRUE(ran_.wait_for_count(1, kBound));
  EXPECT_EQ(ran_.all(), times(1, "fresh"));
}

// A subscription of its own outlives the first connection, which was clean.
TEST_F(PredecessorTest, TheFirstSessionIsKeptAfterItsFirstConnection) {
  TcpProxy proxy(broker_->tls_port());
  Options options = device_options();
  options.broker = "mqtts://127.0.0.1:" + std::to_string(proxy.port());
  const auto device = start(options);
  proxy.refuse_new(true);
  proxy.cut_all();
  ASSERT_TRUE(device->wait_for(EventKind::disconnected));
  Publisher publisher({.port = broker_->plain_port()});
  publisher.publish("cmd", request("meanwhile"), 1, false, asking("m"));
  ASSERT_TRUE(publisher.wait_acks(kBound));
  proxy.refuse_new(false);
  EXPECT_TRUE(ran_.wait_for_count(1, kBound));
}

// --- Callers -------------------------------------------------------------------------------------

class CallerTest : public CommandsTest {
 protected:
  CallerTest() : caller_(options_for(broker_->tls_port(), "backend")) { caller_->start(); }

  Ended end() {
    EXPECT_TRUE(ended_.wait_for_count(1, kBound));
    return ended_.all().empty() ? Ended() : ended_.all()[0];
  }

  WatchedDevice caller_;
};

TEST_F(CallerTest, ACallThatNobodyAnswersEndsByItselfAndALateAnswerIsToldApart) {
  Subscriber device({.port = broker_->plain_port(), .filter = "cmd"});
  ASSERT_TRUE(call(caller_, "open", {.deadline = 1s}));
  ASSERT_TRUE(device.wait_for_count(1, kBound));
  const auto asked = device.messages()[0];
  EXPECT_EQ(asked.response_topic, "reply/backend");
  EXPECT_EQ(asked.correlation_data.size(), 16U);
  EXPECT_EQ(asked.expiry_s, 1U);
  EXPECT_EQ(end().error, Errc::timed_out);
  Publisher late({.port = broker_->plain_port()});
  late.publish(asked.response_topic, "x", 1, false, {.correlation_data = asked.correlation_data});
  EXPECT_TRUE(caller_.wait_for(EventKind::reply_unexpected));
  EXPECT_EQ(caller_->status().counters.foreign_replies, 1U);
  EXPECT_EQ(ended_.size(), 1U) << "once";
}

TEST_F(CallerTest, AnAnswerOfAnotherKindIsAnError) {
  Subscriber device({.port = broker_->plain_port(), .filter = "cmd"});
  ASSERT_TRUE(call(caller_, "open"));
  ASSERT_TRUE(device.wait_for_count(1, kBound));
  const auto asked = device.messages()[0];
  Publisher answer({.port = broker_->plain_port()});
  answer.publish(asked.response_topic, request("no reading"), 1, false,
                 {.correlation_data = asked.correlation_data});
  EXPECT_EQ(end().error, Errc::foreign_payload);
  EXPECT_NE(end().detail.find("Reading"), std::string::npos) << end().detail;
}

TEST_F(CallerTest, ADeviceThatStopsEndsItsCalls) {
  ASSERT_TRUE(caller_.wait_for(EventKind::connected));
  ASSERT_TRUE(call(caller_, "open"));
  caller_->stop();
  EXPECT_EQ(end().error, Errc::closed);
  EXPECT_EQ(call(caller_, "open").error, Errc::closed);
  EXPECT_EQ(ended_.size(), 1U) << "the receipt has told";
}

TEST_F(CallerTest, ACommandThatTheBrokerRefusesEndsAtOnce) {
  broker_ = make_broker({.extra_lines = {"max_packet_size 200"}});
  WatchedDevice caller(options_for(broker_->tls_port(), "backend"));
  caller->start();
  ASSERT_TRUE(call(caller, std::string(300, 'x'), {.deadline = 1h}));
  EXPECT_EQ(end().error, Errc::payload_too_large);
}

TEST_F(CallerTest, ABadCallIsRefusedInTheReceipt) {
  const auto refusal = [this](const CallOptions& options) { return call(caller_, "x", options); };
  EXPECT_EQ(refusal({.deadline = 999ms}).error, Errc::invalid_options);
  EXPECT_EQ(refusal({.deadline = 25h}).error, Errc::invalid_options);
  EXPECT_EQ(refusal({.id = std::string(257, 'x')}).error, Errc::invalid_options);
  ASSERT_TRUE(refusal({.id = "a"}));
  EXPECT_EQ(refusal({.id = "a"}).error, Errc::invalid_options) << "it waits already";
  for (std::size_t n = 1; n < limits::kMaxCalls; ++n) ASSERT_TRUE(call(caller_, "x"));
  EXPECT_EQ(call(caller_, "x").error, Errc::too_many);
}

TEST_F(CallerTest, AReplyTopicWithWildcardsIsRefusedWithItsField) {
  Device device(options_for(broker_->tls_port(), "back#end"));
  CommandT command;
  command.verb = "x";
  const Receipt receipt =
      device.call<Command, Reading>("cmd", command, {}, [](const CallResult<Reading>&) {});
  EXPECT_EQ(receipt.error, Errc::invalid_topic);
  EXPECT_NE(receipt.detail.find("reply_topic"), std::string::npos) << receipt.detail;
}

TEST_F(CallerTest, Mqtt311HasNoCommands) {
  Options options = options_for(broker_->tls_port());
  options.mqtt_version = MqttVersion::v3_1_1;
  WatchedDevice device(options);
  try {
    obey(*device);
    ADD_FAILURE() << "it was taken";
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.field(), "mqtt_version");
    EXPECT_NE(error.mend().find("MqttVersion::v5"), std::string::npos) << error.mend();
  }
  EXPECT_EQ(call(device, "x").error, Errc::invalid_options);
}

}  // namespace
}  // namespace holdfast::test
