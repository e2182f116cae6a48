// The desk where commands come in: what is run, what is answered, and what outlives a restart. No
// network: the answers are caught where they would be published.

#include "device/command_desk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <memory>
#include <stdexcept>

#include "command_generated.h"
#include "commands/command_error.hpp"
#include "device/session_keeper.hpp"
#include "reading_generated.h"
#include "support/temp_dir.hpp"

namespace holdfast::device {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Answer {
  std::string topic;
  std::vector<std::byte> payload;
  std::vector<std::byte> correlation_data;
  std::chrono::milliseconds ttl;
};

class CommandDeskTest : public testing::Test {
 protected:
  CommandDeskTest() { restart(); }

  // As after a crash: nothing is said to the old one.
  void restart() {
    desk_.reset();
    shared_.reset();
    settings_ = std::make_unique<Settings>(
        check_options({.broker = "mqtts://broker.example.com",
                       .client_id = "truck-17",
                       .pins = {"sha256/ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=",
                                "sha256/PiPoFgOUWUos8k1CqUQgWsMx9d8nwiCu1XnTSEAWFJ0="},
                       .state_dir = directory_}));
    shared_ = std::make_unique<Shared>(OutboxLimits(), "");
    desk_ = std::make_unique<CommandDesk>(
        *settings_, *shared_,
        [this](std::string_view topic, std::span<const std::byte> payload, PublishOptions options) {
          answers_.push_back({std::string(topic),
                              {payload.begin(), payload.end()},
                              options.correlation_data,
                              options.ttl});
          return Receipt{.id = answers_.size()};
        });
  }

  static Message command(const std::string& id, const std::string& verb = "open") {
    CommandT object;
    object.verb = verb;
    const auto buffer = pack<Command>(object);
    const auto payload = as_payload(buffer);
    Message message{.topic = "truck/17/cmd", .payload = {payload.begin(), payload.end()}};
    message.response_topic = "reply/1";
    const auto bytes = as_payload(id);
    message.correlation_data = {bytes.begin(), bytes.end()};
    return message;
  }

  void handle(const Message& message, CommandOptions<Command> options = {}) {
    const auto handler = detail::make_command_handler<Command, Reading>(
        [this](const Command& command, const CommandInfo& info) -> CommandResult<Reading> {
          ran_.push_back(command.verb()->str() + " " + std::string(info.id));
          if (command.verb()->str() == "fail") return CommandError{.code = 7, .text = "no"};
          if (command.verb()->str() == "throw") throw std::runtime_error("cannot digest this");
          ReadingT reading;
          reading.time_ms = ran_.size();
          return reading;
        },
        std::move(options));
    desk_->handle(message, handler);
  }

  CommandError last_error() const {
    const auto error = commands::decode_error(answers_.back().payload);
    EXPECT_TRUE(error);
    return error.value_or(CommandError());
  }
  CommandReason last_reason() const { return last_error().reason; }
  std::filesystem::path log() const { return directory_ / "commands.1.log"; }

  test::TempDir dir_;
  std::filesystem::path directory_ = dir_.path();
  std::unique_ptr<Settings> settings_;
  std::unique_ptr<Shared> shared_;
  std::unique_ptr<CommandDesk> desk_;
  std::vector<Answer> answers_;
  std::vector<std::string> ran_;
};

TEST_F(CommandDeskTest, AnswersWhereItIsAsked) {
  handle(command("a"));
  ASSERT_EQ(answers_.size(), 1U);
  EXPECT_EQ(answers_[0].topic, "reply/1");
  EXPECT_EQ(as_text(answers_[0].correlation_data), "a");
  EXPECT_EQ(answers_[0].ttl, limits::kReplyTime);
  std::error_code error;
  EXPECT_NE(verify<Reading>(answers_[0].payload, error), nullptr) << error;
  EXPECT_THAT(ran_, ElementsAre("open a"));
}

TEST_F(CommandDeskTest, RunsWithoutAnAnswerWhereNoneIsAsked) {
  Message message = command("a");
  message.response_topic.clear();
  handle(message);
  handle(message);
  EXPECT_THAT(ran_, ElementsAre("open a"));
  EXPECT_THAT(answers_, IsEmpty());
}

TEST_F(CommandDeskTest, ASecondCopyIsAnsweredWithTheSameBytesAlsoAfterARestart) {
  handle(command("a"));
  handle(command("a"));
  restart();
  handle(command("a"));
  EXPECT_THAT(ran_, ElementsAre("open a"));
  ASSERT_EQ(answers_.size(), 3U);
  EXPECT_EQ(answers_[1].payload, answers_[0].payload);
  EXPECT_EQ(answers_[2].payload, answers_[0].payload);
  EXPECT_EQ(shared_->counters.commands_repeated, 1U);
}

TEST_F(CommandDeskTest, TheAnswerGoesWhereTheSecondCopyAsksForIt) {
  handle(command("a"));
  Message again = command("a");
  again.response_topic = "reply/2";
  handle(again);
  EXPECT_EQ(answers_.back().topic, "reply/2");
}

TEST_F(CommandDeskTest, WithoutAStateDirectoryItIsRememberedInMemory) {
  directory_.clear();
  restart();
  handle(command("a"));
  handle(command("a"));
  EXPECT_THAT(ran_, ElementsAre("open a"));
}

TEST_F(CommandDeskTest, AnErrorOfTheAppIsAnAnswerLikeAnyOther) {
  handle(command("a", "fail"));
  EXPECT_EQ(last_reason(), CommandReason::app);
  EXPECT_EQ(last_error().code, 7);
  EXPECT_EQ(last_error().text, "no");
  handle(command("a", "fail"));
  EXPECT_EQ(ran_.size(), 1U);
  EXPECT_EQ(answers_[1].payload, answers_[0].payload);
}

TEST_F(CommandDeskTest, AHandlerThatThrowsHasRun) {
  EXPECT_THROW(handle(command("a", "throw")), std::runtime_error);
  EXPECT_EQ(last_reason(), CommandReason::failed);
  EXPECT_EQ(last_error().text, "cannot digest this");
  handle(command("a", "throw"));
  EXPECT_EQ(ran_.size(), 1U);
}

// The process goes while the handler runs: what the handler sees is on the disk by then.
TEST_F(CommandDeskTest, WhatWasInterruptedIsNeverRunAgain) {
  std::string state_then;
  const auto handler = detail::make_command_handler<Command, Reading>(
      [&](const Command&) -> CommandResult<Reading> {
        state_then = test::read_file(log());
        return ReadingT();
      },
      CommandOptions<Command>());
  desk_->handle(command("a"), handler);
  test::write_file(log(), state_then);
  restart();
  for (int n = 0; n < 2; ++n) {
    handle(command("a"));
    EXPECT_EQ(last_reason(), CommandReason::interrupted);
    restart();
  }
  EXPECT_THAT(ran_, IsEmpty());
  handle(command("b"));
  EXPECT_THAT(ran_, ElementsAre("open b"));
}

TEST_F(CommandDeskTest, AnotherRequestWithTheSameIdIsNotRun) {
  handle(command("a", "open"));
  handle(command("a", "close"));
  EXPECT_EQ(last_reason(), CommandReason::id_reused);
  EXPECT_THAT(ran_, ElementsAre("open a"));
  Message elsewhere = command("a", "close");
  elsewhere.topic = "truck/17/other";
  handle(elsewhere);
  EXPECT_THAT(ran_, ElementsAre("open a", "close a")) << "ids are those of a topic";
}

TEST_F(CommandDeskTest, WhatIsTooLateIsNotRunUnlessItWas) {
  Message late = command("a");
  late.expires = std::chrono::steady_clock::now();
  handle(late);
  EXPECT_EQ(last_reason(), CommandReason::expired);
  EXPECT_EQ(answers_.back().ttl, limits::kReplyGrace);
  EXPECT_THAT(ran_, IsEmpty());
  handle(command("b"));
  late = command("b");
  late.expires = std::chrono::steady_clock::now();
  handle(late);
  EXPECT_EQ(answers_.back().payload, answers_[1].payload) << "a reply that is there is told";
}

TEST_F(CommandDeskTest, ADeadlineCanBeDemanded) {
  handle(command("a"), {.deadline = CommandDeadline::required});
  EXPECT_EQ(last_reason(), CommandReason::no_deadline);
  Message timed = command("a");
  timed.expires = std::chrono::steady_clock::now() + 1h;
  handle(timed, {.deadline = CommandDeadline::required});
  EXPECT_THAT(ran_, ElementsAre("open a"));
  EXPECT_GT(answers_.back().ttl, 1h - 1s);
}

TEST_F(CommandDeskTest, WithoutAnIdNothingIsRun) {
  handle(command(""));
  EXPECT_EQ(last_reason(), CommandReason::no_id);
  handle(command(std::string(limits::kMaxCorrelationBytes + 1, 'x')));
  EXPECT_EQ(answers_.size(), 1U) << "no message could carry the answer's id";
  EXPECT_THAT(ran_, IsEmpty());
  EXPECT_EQ(shared_->counters.commands_refused, 2U);
}

TEST_F(CommandDeskTest, TheIdMayStandInTheRequest) {
  const CommandOptions<Command> options{
      .id = [](const Command& command) { return command.verb()->str(); }};
  handle(command(""), options);
  handle(command("other"), options);
  EXPECT_THAT(ran_, ElementsAre("open open"));
  EXPECT_EQ(as_text(answers_[1].correlation_data), "other") << "of this copy";
}

TEST_F(CommandDeskTest, ARetainedCommandIsNeitherRunNorAnswered) {
  Message retained = command("a");
  retained.retain = Retain::yes;
  handle(retained);
  EXPECT_THAT(ran_, IsEmpty());
  EXPECT_THAT(answers_, IsEmpty());
  EXPECT_EQ(shared_->counters.commands_refused, 1U);
}

TEST_F(CommandDeskTest, WhatIsNoRequestIsCountedAndAnswered) {
  Message message = command("a");
  message.payload.resize(message.payload.size() - 8);
  handle(message);
  EXPECT_EQ(last_reason(), CommandReason::malformed);
  EXPECT_EQ(shared_->counters.rejected_payloads, 1U);
  handle(command("a"));
  EXPECT_THAT(ran_, ElementsAre("open a")) << "it was not that command's second copy";
}

TEST_F(CommandDeskTest, WhatCannotBeWrittenDownIsNotRun) {
  std::filesystem::create_directory(log());
  handle(command("a"));
  EXPECT_EQ(last_reason(), CommandReason::unavailable);
  std::filesystem::remove(log());
  handle(command("a"));
  EXPECT_THAT(ran_, ElementsAre("open a"));
}

TEST_F(CommandDeskTest, AMemoryThatIsDamagedTakesTheSessionsWithIt) {
  {
    SessionKeeper keeper(*settings_, *shared_);
    EXPECT_TRUE(keeper.starts_clean("broker.example.com:8883")) << "a new device";
    keeper.logged_in("broker.example.com:8883");
    EXPECT_FALSE(keeper.starts_clean("broker.example.com:8883"));
  }
  for (const char* id : {"a", "b", "c"}) handle(command(id));
  restart();
  EXPECT_EQ(desk_->take_remark(), "");
  EXPECT_FALSE(SessionKeeper(*settings_, *shared_).starts_clean("broker.example.com:8883"));
  EXPECT_TRUE(SessionKeeper(*settings_, *shared_).starts_clean("second.example.com:8883"));

  std::string damaged = test::read_file(log());
  damaged[damaged.size() / 2] = static_cast<char>(~damaged[damaged.size() / 2]);
  test::write_file(log(), damaged);
  restart();
  EXPECT_THAT(desk_->take_remark(),
              HasSubstr("commands that were sent before this start are not run"));
  EXPECT_TRUE(SessionKeeper(*settings_, *shared_).starts_clean("broker.example.com:8883"));
  restart();
  EXPECT_EQ(desk_->take_remark(), "") << "once";
  handle(command("a"));
  EXPECT_EQ(ran_.size(), 3U) << "what could be read is known";
}

TEST_F(CommandDeskTest, SessionsAreOfOneClientIdentifier) {
  SessionKeeper(*settings_, *shared_).logged_in("broker.example.com:8883");
  settings_->options.client_id = "truck-18";
  EXPECT_TRUE(SessionKeeper(*settings_, *shared_).starts_clean("broker.example.com:8883"));
}

TEST_F(CommandDeskTest, WithoutAStateDirectoryOnlyADeviceWithCommandsStartsClean) {
  settings_->options.state_dir.clear();
  SessionKeeper keeper(*settings_, *shared_);
  EXPECT_FALSE(keeper.starts_clean("a:1"));
  shared_->takes_commands = true;
  EXPECT_TRUE(keeper.starts_clean("a:1"));
  keeper.logged_in("a:1");
  EXPECT_FALSE(keeper.starts_clean("a:1")) << "it comes back to its own session";
}

TEST_F(CommandDeskTest, TheFileStaysSmallHoweverManyCommandsCome) {
  const auto handler = detail::make_command_handler<Command, Command>(
      [](const Command&) -> CommandResult<Command> {
        CommandT reply;
        reply.verb = std::string(20'000, 'x');
        return reply;
      },
      CommandOptions<Command>());
  for (int n = 0; n < 200; ++n) desk_->handle(command(std::to_string(n)), handler);
  EXPECT_LT(std::filesystem::file_size(log()), 700'000U) << "200 times 20,000 bytes came";
  restart();
  handle(command("0"));
  EXPECT_EQ(last_reason(), CommandReason::reply_gone);
  handle(command("199"));
  EXPECT_GT(answers_.back().payload.size(), 20'000U);
  EXPECT_THAT(ran_, IsEmpty());
}

}  // namespace
}  // namespace holdfast::device
