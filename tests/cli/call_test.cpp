// Does `holdfast call` bring one command to a device and its answer back, and say by its exit code
// what came of it?

#include <nlohmann/json.hpp>

#include <atomic>
#include <csignal>

#include <holdfast/device.hpp>

#include "cli/cli_fixture.hpp"
#include "command_generated.h"
#include "done_generated.h"
#include "support/subscriber.hpp"

namespace holdfast::test {
namespace {

using Json = nlohmann::json;

class CallTest : public BrokerCliTest {
 protected:
  CallTest() : broker_(make_broker()) {
    CommandT request;
    request.verb = "on";
    const auto buffer = pack<Command>(request);
    dir_.write("on.bin", as_text(as_payload(buffer)));
  }

  // A device that obeys "on" and declines everything else.
  std::unique_ptr<Device> make_device() {
    auto device = std::make_unique<Device>(
        Options{.broker = "mqtts://127.0.0.1:" + std::to_string(broker_->tls_port()),
                .client_id = "device",
                .pins = {key_.pin, backup_.pin},
                .state_dir = dir_.path() / "state"});
    device->on_command<Command, Done>("cmd", [this](const Command& command) -> CommandResult<Done> {
      ++runs_;
      if (command.verb()->string_view() == "on") {
        DoneT done;
        done.remark = "run " + std::to_string(runs_);
        return done;
      }
      return CommandError{.code = 7, .text = "\x1b[31mno"};
    });
    device->start();
    EXPECT_TRUE(broker_->wait_log("cmd (QoS", kBound)) << broker_->log();
    return device;
  }

  CliResult call(const Words& more) {
    Words all{"--topic", "cmd"};
    all.insert(all.end(), more.begin(), more.end());
    return cli(words("call", broker_->tls_port(), all));
  }

  std::string schema() const { return std::string(HOLDFAST_SAMPLE_BFBS) + "/done.bfbs"; }

  std::unique_ptr<Mosquitto> broker_;
  std::atomic<int> runs_ = 0;
};

TEST_F(CallTest, PrintsTheReplyByItsSchema) {
  const auto device = make_device();
  const auto result = call({"--message-file", path("on.bin"), "--schema", schema()});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.err, "");
  const Json reply = Json::parse(result.out);
  EXPECT_EQ(reply["schema"], "Done");
  EXPECT_EQ(reply["body"]["remark"], "run 1");
}

TEST_F(CallTest, TheSameIdIsAnsweredAgainAndNotRunAgain) {
  const auto device = make_device();
  const Words words{"--message-file", path("on.bin"), "--schema", schema(), "--id", "order 7"};
  const auto first = call(words);
  const auto second = call(words);
  EXPECT_EQ(first.status, 0) << first.err;
  EXPECT_EQ(second.status, 0) << second.err;
  EXPECT_EQ(first.out, second.out);
  EXPECT_EQ(runs_, 1);
  EXPECT_EQ(call({"--message-file", path("on.bin")}).status, 0);
  EXPECT_EQ(runs_, 2) << "another id is another command";
}

TEST_F(CallTest, AnAnswerThatIsAnErrorIsPrintedAndToldByTheExitCode) {
  const auto device = make_device();
  CommandT request;
  request.verb = "explode";
  dir_.write("explode.bin", as_text(as_payload(pack<Command>(request))));
  const auto declined = call({"--message-file", path("explode.bin")});
  EXPECT_EQ(declined.status, 5);
  EXPECT_TRUE(declined.says("answered with an error: app 7, \\x1b[31mno")) << declined.err;
  const Json answer = Json::parse(declined.out);
  EXPECT_EQ(answer["schema"], "holdfast.wire.CommandError");
  EXPECT_EQ(answer["body"]["code"], 7);

  const auto malformed = call({"--message", "on"});
  EXPECT_EQ(malformed.status, 5);
  EXPECT_TRUE(malformed.says("malformed")) << malformed.err;
  EXPECT_EQ(runs_, 1);
}

TEST_F(CallTest, WhereNobodyAnswersItSaysHowToAskAgain) {
  const auto result = call({"--message", "on", "--timeout", "1s"});
  EXPECT_EQ(result.status, 4);
  EXPECT_TRUE(result.says("no answer within (1s)")) << result.err;
  EXPECT_TRUE(result.says("the same call with --id ")) << result.err;
  EXPECT_EQ(result.out, "");
}

TEST_F(CallTest, SpeaksToWhatIsNoDeviceOfHoldfasts) {
  Subscriber subscriber({.port = broker_->plain_port(), .filter = "cmd"});
  Publisher publisher({.port = broker_->plain_port()});
  const auto calling = start_cli(words("call", broker_->tls_port(),
                                       {"--topic", "cmd", "--message", "hello", "--reply-topic",
                                        "answers/me", "--id", "id-1", "--timeout", "50s"}));
  ASSERT_TRUE(subscriber.wait_for_count(1, kBound)) << calling->output();
  const ReceivedMessage request = subscriber.messages()[0];
  EXPECT_EQ(request.payload, "hello");
  EXPECT_EQ(request.qos, 1);
  EXPECT_FALSE(request.retain);
  EXPECT_EQ(request.response_topic, "answers/me");
  EXPECT_EQ(request.correlation_data, "id-1");
  ASSERT_TRUE(request.expiry_s);
  EXPECT_LE(*request.expiry_s, 50u);
  EXPECT_GT(*request.expiry_s, 30u);
  publisher.publish("answers/me", "for somebody else", 1, false, {.correlation_data = "id-2"});
  publisher.publish("answers/me", "welcome", 1, false, {.correlation_data = "id-1"});
  EXPECT_EQ(calling->wait_exit(kBound), 0) << calling->output();
  EXPECT_NE(calling->output().find("welcome\n"), std::string::npos) << calling->output();
  EXPECT_EQ(calling->output().find("for somebody else"), std::string::npos) << calling->output();
  EXPECT_NE(calling->output().find("an answer to another call came"), std::string::npos);
}

TEST_F(CallTest, KeepsTheBytesOfAnAnswerWithRaw) {
  const auto device = make_device();
  const auto result = call({"--message-file", path("on.bin"), "--raw"});
  EXPECT_EQ(result.status, 0) << result.err;
  std::error_code error;
  const Done* done = verify<Done>(as_payload(result.out), error);
  ASSERT_NE(done, nullptr);
  EXPECT_EQ(done->remark()->string_view(), "run 1");
  const auto hex = call({"--message-file", path("on.bin")});
  EXPECT_TRUE(hex.says("no schema has the file identifier DONE")) << hex.err;
  EXPECT_EQ(hex.out.find_first_not_of("0123456789abcdef\n"), std::string::npos) << hex.out;
}

TEST_F(CallTest, RefusesWhatCannotBeACall) {
  struct Case {
    Words words;
    const char* complaint;
  };
  for (const Case& one :
       {Case{{"--message", "x", "--timeout", "0"}, "--timeout"},
        Case{{"--message", "x", "--timeout", "25h"}, "--timeout"},
        Case{{"--message", "x", "--mqtt", "3.1.1"}, "MQTT 5"},
        Case{{"--message", "x", "--id", std::string(257, 'x')}, "--id"},
        Case{{"--message", "x", "--message-file", "y"}, "--message"}, Case{{}, "--message"},
        Case{{"--message-file", path("missing")}, "missing"},
        Case{{"--message", "x", "--reply-topic", "#/x"}, "#/x"}}) {
    const auto result = call(one.words);
    EXPECT_EQ(result.status, 2) << result.err;
    EXPECT_TRUE(result.says(one.complaint)) << result.err;
  }
}

TEST_F(CallTest, AnotherKeyIsRefusedBeforeTheCommandLeaves) {
  Subscriber subscriber({.port = broker_->plain_port(), .filter = "cmd"});
  const Identity other = self_signed(dir_, KeyType::p256, "localhost");
  const auto result =
      cli({"call", "--broker", "mqtts://127.0.0.1:" + std::to_string(broker_->tls_port()), "--pin",
           other.pin, "--pin", backup_.pin, "--topic", "cmd", "--message", "x"});
  EXPECT_EQ(result.status, 3) << result.err;
  EXPECT_EQ(subscriber.count(), 0u);
}

TEST_F(CallTest, CtrlCEndsItWhileItWaits) {
  Subscriber subscriber({.port = broker_->plain_port(), .filter = "cmd"});
  const auto calling =
      start_cli(words("call", broker_->tls_port(), {"--topic", "cmd", "--message", "x"}));
  ASSERT_TRUE(subscriber.wait_for_count(1, kBound));
  calling->signal(SIGINT);
  EXPECT_EQ(calling->wait_exit(kBound), 130) << calling->output();
}

}  // namespace
}  // namespace holdfast::test
