// Is a command run at most once, also by a device that is killed while it runs it?

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "command_generated.h"
#include "commands/command_error.hpp"
#include "integration/device_fixture.hpp"
#include "support/process.hpp"
#include "support/subscriber.hpp"

namespace holdfast::test {
namespace {

std::string request(const std::string& verb) {
  CommandT command;
  command.verb = verb;
  return std::string(as_text(as_payload(pack<Command>(command))));
}

class CommandKillTest : public DeviceTest {
 protected:
  CommandKillTest()
      : broker_(make_broker()),
        backend_({.port = broker_->plain_port(), .filter = "reply"}),
        publisher_({.port = broker_->plain_port()}) {}

  std::unique_ptr<Process> start() {
    auto process = Process::spawn({HOLDFAST_TEST_COMMAND_DEVICE,
                                   "mqtts://127.0.0.1:" + std::to_string(broker_->tls_port()),
                                   dir_.path() / "state", key_.pin, backup_.pin});
    EXPECT_TRUE(process->wait_for_line("ready", kBound)) << process->output();
    return process;
  }
  void send(const std::string& verb, const std::string& id) {
    publisher_.publish("cmd", request(verb), 1, false,
                       {.response_topic = "reply", .correlation_data = id});
  }

  std::unique_ptr<Mosquitto> broker_;
  Subscriber backend_;
  Publisher publisher_;
};

TEST_F(CommandKillTest, ACommandThatWasInterruptedIsNeverRunAgain) {
  auto device = start();
  send("hang", "a");
  ASSERT_TRUE(device->wait_for_line("running hang", kBound));
  device->kill();
  for (std::size_t life = 1; life <= 3; ++life) {
    device = start();
    send("hang", "a");
    ASSERT_TRUE(backend_.wait_for_count(life, kBound)) << device->output();
    const auto error = commands::decode_error(as_payload(backend_.messages().back().payload));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->reason, CommandReason::interrupted);
    device->kill();  // and all that it wrote has been read
    EXPECT_EQ(device->count_lines("running"), 0U);
    EXPECT_EQ(device->count_lines("!"), 0U) << device->output();
  }
}

TEST_F(CommandKillTest, WhatWasAnsweredIsAnsweredAgainWithTheSameBytes) {
  auto device = start();
  for (const char* id : {"a", "b", "c"}) send("open", id);
  ASSERT_TRUE(backend_.wait_for_count(3, kBound));
  device->kill();  // and all that it wrote has been read
  EXPECT_EQ(device->count_lines("running open"), 3U);
  device = start();
  for (const char* id : {"a", "b", "c"}) send("open", id);
  ASSERT_TRUE(backend_.wait_for_count(6, kBound));
  const auto answers = backend_.messages();
  for (std::size_t n = 0; n < 3; ++n) {
    EXPECT_EQ(answers[n + 3].payload, answers[n].payload);
    EXPECT_EQ(answers[n + 3].correlation_data, answers[n].correlation_data);
  }
  device->kill();
  EXPECT_EQ(device->count_lines("running"), 0U);
}

}  // namespace
}  // namespace holdfast::test
