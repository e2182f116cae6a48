// The question these tests answer: does a command do what its verb says, and does each that cannot
// be done say why and leave the line alone?

#include "switch.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <system_error>
#include <vector>

namespace commands {
namespace {

using namespace std::chrono_literals;

// A line that writes down what was done to it, and may be broken.
class FakeLine : public Line {
 public:
  void set(bool on) override {
    if (fails) throw std::system_error(EIO, std::generic_category(), "pump cannot be switched");
    history.push_back(on);
    if (!stuck) is_on = on;
  }
  bool get() override { return is_on; }

  std::vector<bool> history;
  bool is_on = false;
  bool stuck = false;
  bool fails = false;
};

class SwitchTest : public testing::Test {
 protected:
  Outcome obey(const std::string& verb, const std::string& argument = "",
               std::optional<Instant> deadline = {}) {
    CommandT command;
    command.verb = verb;
    command.argument = argument;
    const auto buffer = holdfast::pack<Command>(command);
    return switch_.obey(*flatbuffers::GetRoot<Command>(buffer.data()), deadline);
  }

  static bool is_on(const Outcome& outcome) {
    return std::holds_alternative<LineStateT>(outcome) && std::get<LineStateT>(outcome).is_on;
  }
  static bool is_off(const Outcome& outcome) {
    return std::holds_alternative<LineStateT>(outcome) && !std::get<LineStateT>(outcome).is_on;
  }
  static holdfast::CommandError refusal(const Outcome& outcome) {
    const auto* error = std::get_if<holdfast::CommandError>(&outcome);
    return error == nullptr ? holdfast::CommandError{.text = "not refused"} : *error;
  }

  Instant now_{1h};
  bool ends_ = false;
  FakeLine line_;
  Switch switch_{"pump",
                 line_,
                 5s,
                 {.now = [this] { return now_; },
                  .wait =
                      [this](std::chrono::milliseconds time) {
                        EXPECT_TRUE(line_.is_on);
                        now_ += time;
                        return !ends_;
                      }}};
};

TEST_F(SwitchTest, SwitchesAndTellsWhatWasReadBack) {
  EXPECT_TRUE(is_on(obey("on")));
  EXPECT_TRUE(is_on(obey("on"))) << "again is no mistake";
  EXPECT_TRUE(is_on(obey("read")));
  EXPECT_TRUE(is_off(obey("off")));
  EXPECT_EQ(line_.history, (std::vector<bool>{true, true, false}));
  EXPECT_EQ(std::get<LineStateT>(obey("read")).line, "pump");
}

TEST_F(SwitchTest, APulseLastsAsLongAsItSays) {
  EXPECT_TRUE(is_off(obey("pulse", "1500ms")));
  EXPECT_EQ(now_, Instant(1h) + 1500ms);
  EXPECT_EQ(line_.history, (std::vector<bool>{true, false}));
}

TEST_F(SwitchTest, AnUnknownVerbIsRefusedAndNamesThoseThatThereAre) {
  const auto error = refusal(obey("explode"));
  EXPECT_EQ(error.code, kUnknownVerb);
  EXPECT_EQ(error.text, "\"explode\" is no verb here; there are on, off, pulse and read");
  EXPECT_TRUE(line_.history.empty());
}

TEST_F(SwitchTest, AWrongArgumentIsRefused) {
  for (const char* length : {"", "0", "500", "soon", "-1s"}) {
    EXPECT_EQ(refusal(obey("pulse", length)).code, kBadArgument) << length;
  }
  EXPECT_EQ(refusal(obey("on", "5s")).code, kBadArgument);
  EXPECT_TRUE(line_.history.empty());
}

TEST_F(SwitchTest, APulseIsBoundedByTheProgramAndByItsDeadline) {
  EXPECT_EQ(refusal(obey("pulse", "5001ms")).code, kTooLong);
  EXPECT_EQ(refusal(obey("pulse", "3s", now_ + 2999ms)).code, kTooLong);
  EXPECT_TRUE(line_.history.empty());
  EXPECT_TRUE(is_off(obey("pulse", "3s", now_ + 3s)));
}

TEST_F(SwitchTest, ALineThatStaysAsItWasIsNoSuccess) {
  line_.stuck = true;
  const auto error = refusal(obey("on"));
  EXPECT_EQ(error.code, kNotSwitched);
  EXPECT_EQ(error.text, "pump was switched on and is off; look at the wiring");
  EXPECT_TRUE(is_off(obey("off")));
}

TEST_F(SwitchTest, AStuckLineEndsItsPulseAtOnce) {
  line_.stuck = true;
  EXPECT_EQ(refusal(obey("pulse", "1s")).code, kNotSwitched);
  EXPECT_EQ(now_, Instant(1h));
  EXPECT_FALSE(line_.history.back()) << "it is told to be off all the same";
}

TEST_F(SwitchTest, WhatTheSystemRefusesIsTheAnswer) {
  line_.fails = true;
  const auto error = refusal(obey("on"));
  EXPECT_EQ(error.code, kLineFailed);
  EXPECT_NE(error.text.find("pump cannot be switched"), std::string::npos);
}

TEST_F(SwitchTest, APulseThatIsCutShortSaysSoAndLeavesTheLineOff) {
  ends_ = true;
  EXPECT_EQ(refusal(obey("pulse", "1s")).code, kCutShort);
  EXPECT_FALSE(line_.is_on);
}

// A line whose driver does not come back; what others see of the switch meanwhile.
TEST_F(SwitchTest, HangsOnlyBeyondTheLongestPulse) {
  Instant now{1h};
  std::vector<bool> seen;
  class SlowLine : public FakeLine {
   public:
    void set(bool on) override {
      if (in_set) in_set();
      FakeLine::set(on);
    }
    std::function<void()> in_set;
  };
  SlowLine slow;
  Switch guarded("pump", slow, 5s, {.now = [&] { return now; }, .wait = [](auto) { return true; }});
  slow.in_set = [&] {
    EXPECT_TRUE(guarded.is_busy());
    seen.push_back(guarded.hangs());
    now += 6s;
    seen.push_back(guarded.hangs());
    now += 2s;
    seen.push_back(guarded.hangs());
  };
  EXPECT_FALSE(guarded.hangs());
  CommandT command;
  command.verb = "on";
  const auto buffer = holdfast::pack<Command>(command);
  guarded.obey(*flatbuffers::GetRoot<Command>(buffer.data()), {});
  EXPECT_EQ(seen, (std::vector<bool>{false, false, true}));
  EXPECT_FALSE(guarded.hangs()) << "it came back after all";
  EXPECT_FALSE(guarded.is_busy());
}

}  // namespace
}  // namespace commands
