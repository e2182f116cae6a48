// Does samples/04_commands switch a line when it is told to, once and in time, and answer how the
// line is? The operator is `holdfast call`, or another client altogether.

#include <csignal>
#include <filesystem>
#include <functional>

#include <holdfast/device.hpp>

#include "command_generated.h"
#include "line_state_generated.h"
#include "samples/gpio_sim.hpp"
#include "samples/sample_fixture.hpp"
#include "support/event_wait.hpp"
#include "support/subscriber.hpp"

namespace holdfast::test {
namespace {

class CommandsTest : public SampleTest {
 protected:
  std::unique_ptr<Process> start_commands(const std::string& line, const Words& more = {}) {
    Words words{"--topic", "cmd", "--state-dir", path("state"), "--line", line};
    words.insert(words.end(), more.begin(), more.end());
    auto program = start(HOLDFAST_COMMANDS, words);
    EXPECT_TRUE(program->wait_for_line("subscribed", kBound)) << program->output();
    return program;
  }
  std::string file_line() const { return "file:" + path("pump"); }
  std::string pump() const { return read_file(dir_.path() / "pump"); }

  static std::string request(const std::string& verb, const std::string& argument = "") {
    CommandT command;
    command.verb = verb;
    command.argument = argument;
    return std::string(as_text(as_payload(pack<Command>(command))));
  }

  RunResult call(const std::string& verb, const Words& more = {},
                 const std::string& argument = "") {
    const auto file = dir_.write("request", request(verb, argument));
    Words words{"call",
                "--broker",
                url(),
                "--pin",
                key_.pin,
                "--pin",
                backup_.pin,
                "--topic",
                "cmd",
                "--message-file",
                file.string(),
                "--schema",
                HOLDFAST_SAMPLE_BFBS "/line_state.bfbs"};
    words.insert(words.end(), more.begin(), more.end());
    return run_to_end(HOLDFAST_CLI, words);
  }

  static int end(Process& program) {
    program.signal(SIGTERM);
    return program.wait_exit(kBound).value_or(-1);
  }

  // The verbs that every line knows, and what somebody would measure at it.
  void switch_all(const std::string& line, const std::function<bool()>& is_on) {
    const auto program = start_commands(line);
    EXPECT_FALSE(is_on());
    const auto on = call("on");
    EXPECT_EQ(on.status, 0) << on.output << program->output();
    EXPECT_NE(on.output.find("\"is_on\":true"), std::string::npos) << on.output;
    EXPECT_TRUE(is_on());
    const auto read = call("read");
    EXPECT_NE(read.output.find("\"is_on\":true"), std::string::npos) << read.output;
    EXPECT_NE(read.output.find("\"line\":\"" + line + "\""), std::string::npos) << read.output;
    const auto off = call("off");
    EXPECT_EQ(off.status, 0) << off.output;
    EXPECT_FALSE(is_on());
    const auto pulse = call("pulse", {}, "50ms");
    EXPECT_EQ(pulse.status, 0) << pulse.output;
    EXPECT_FALSE(is_on());
    EXPECT_EQ(end(*program), 0) << program->output();
    EXPECT_NE(program->output().find("4 commands run, 0 answered again, 0 refused"),
              std::string::npos)
        << program->output();
  }
};

TEST_F(CommandsTest, AFileIsSwitchedAndReadBack) {
  switch_all(file_line(), [this] { return pump() == "1\n"; });
}

TEST_F(CommandsTest, ALineOfAGpioChipIsSwitchedAndReadBack) {
  if (const std::string why = GpioSim::unavailable(); !why.empty()) GTEST_SKIP() << why;
  const GpioSim sim;
  switch_all(sim.line(), [&sim] { return sim.is_on(); });
}

TEST_F(CommandsTest, ARepeatedIdIsAnsweredAgainAndNotRunAgainAlsoAfterARestart) {
  std::string first;
  {
    const auto program = start_commands(file_line());
    const auto on = call("on", {"--id", "order 1"});
    ASSERT_EQ(on.status, 0) << on.output;
    first = on.output;
    ASSERT_EQ(call("off", {"--id", "order 2"}).status, 0);
    EXPECT_EQ(call("on", {"--id", "order 1"}).output, first);
    EXPECT_EQ(pump(), "0\n") << "the answer is that of then, and nothing was switched";
    EXPECT_EQ(end(*program), 0) << program->output();
    EXPECT_NE(program->output().find("2 commands run, 1 answered again"), std::string::npos)
        << program->output();
  }
  const auto program = start_commands(file_line());
  EXPECT_EQ(call("on", {"--id", "order 1"}).output, first);
  EXPECT_EQ(pump(), "0\n");
  EXPECT_EQ(end(*program), 0);
  EXPECT_NE(program->output().find("0 commands run, 1 answered again"), std::string::npos)
      << program->output();
}

TEST_F(CommandsTest, WhatCannotBeDoneIsRefusedWithTheReason) {
  const auto program = start_commands(file_line(), {"--max-pulse", "2s"});
  const auto verb = call("explode");
  EXPECT_EQ(verb.status, 5);
  EXPECT_NE(
      verb.output.find("app 1, \"explode\" is no verb here; there are on, off, pulse and read"),
      std::string::npos)
      << verb.output;
  const auto pulse = call("pulse", {}, "3s");
  EXPECT_EQ(pulse.status, 5);
  EXPECT_NE(pulse.output.find("app 3, a pulse of 3000ms is longer than 2000ms"), std::string::npos)
      << pulse.output;
  const auto late = call("pulse", {"--timeout", "1s"}, "2s");
  EXPECT_EQ(late.status, 5);
  EXPECT_NE(late.output.find("would end after the command's deadline"), std::string::npos)
      << late.output;
  EXPECT_EQ(pump(), "0\n");
  EXPECT_EQ(end(*program), 0) << program->output();
}

TEST_F(CommandsTest, ACommandWithoutADeadlineIsNotRun) {
  const auto program = start_commands(file_line());
  Subscriber subscriber({.port = broker_.plain_port(), .filter = "answers"});
  Publisher publisher({.port = broker_.plain_port()});
  publisher.publish("cmd", request("on"), 1, false,
                    {.response_topic = "answers", .correlation_data = "1"});
  ASSERT_TRUE(subscriber.wait_for_count(1, kBound)) << program->output();
  EXPECT_EQ(subscriber.messages()[0].payload.substr(4, 4), "HFCE");
  EXPECT_EQ(pump(), "0\n");
  publisher.publish("cmd", request("on"), 1, false,
                    {.response_topic = "answers", .correlation_data = "2", .expiry_s = 30});
  ASSERT_TRUE(subscriber.wait_for_count(2, kBound)) << program->output();
  EXPECT_EQ(subscriber.messages()[1].payload.substr(4, 4), "LINE");
  EXPECT_EQ(pump(), "1\n");
}

TEST_F(CommandsTest, APulseEndsWithTheProgramAndTheLineIsOff) {
  const auto program = start_commands(file_line(), {"--max-pulse", "1min"});
  Subscriber subscriber({.port = broker_.plain_port(), .filter = "answers"});
  Publisher publisher({.port = broker_.plain_port()});
  publisher.publish("cmd", request("pulse", "55s"), 1, false,
                    {.response_topic = "answers", .correlation_data = "1", .expiry_s = 60});
  ASSERT_TRUE(eventually([this] { return pump() == "1\n"; }, kBound)) << program->output();
  EXPECT_EQ(end(*program), 0) << program->output();
  EXPECT_EQ(pump(), "0\n");
  ASSERT_TRUE(subscriber.wait_for_count(1, kBound)) << "it was answered";
  EXPECT_EQ(subscriber.messages()[0].payload.substr(4, 4), "HFCE");
}

TEST_F(CommandsTest, AWrongLineIsToldBeforeAnythingIsSent) {
  const Words way{"--broker", url(), "--pin", key_.pin, "--one-pin"};
  struct Case {
    Words words;
    const char* complaint;
  };
  for (const Case& one :
       {Case{{"--state-dir", path("s")}, "--line"}, Case{{"--line", file_line()}, "--state-dir"},
        Case{{"--state-dir", path("s"), "--line", "17"}, "write gpiochip0:17"},
        Case{{"--state-dir", path("s"), "--line", "gpiochip987654:1"},
             "/dev/gpiochip987654 line 1 cannot be opened"},
        Case{{"--state-dir", path("s"), "--line", file_line(), "--max-pulse", "2min"},
             "--max-pulse"}}) {
    Words words = way;
    words.insert(words.end(), one.words.begin(), one.words.end());
    const auto result = run_to_end(HOLDFAST_COMMANDS, words);
    EXPECT_EQ(result.status, 2) << result.output;
    EXPECT_NE(result.output.find(one.complaint), std::string::npos) << result.output;
  }
}

}  // namespace
}  // namespace holdfast::test
