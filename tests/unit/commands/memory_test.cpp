// What a device remembers of its commands, in virtual time.

#include "commands/memory.hpp"

#include <gtest/gtest.h>

#include <holdfast/limits.hpp>

namespace holdfast::commands {
namespace {

using namespace std::chrono_literals;
using Standing = Memory::Standing;

constexpr Seconds kReach = 26h;

std::vector<std::byte> reply(std::size_t bytes, std::uint8_t fill = 1) {
  return {bytes, std::byte{fill}};
}

CommandId id(std::uint64_t number) {
  return {7, number};
}

class MemoryTest : public testing::Test {
 protected:
  // The whole life of a command that comes for the first time.
  void run(std::uint64_t number, Seconds now, std::size_t reply_bytes = 10) {
    ASSERT_EQ(memory_.look(id(number), number), Standing::unknown);
    ASSERT_TRUE(memory_.make_room(now));
    memory_.begin(id(number), number, now);
    memory_.answer(id(number), reply(reply_bytes), now);
  }
  Standing look(std::uint64_t number) const { return memory_.look(id(number), number); }
  void fill(Seconds now) {
    for (std::uint64_t n = 0; n < limits::kRememberedCommands; ++n) run(n, now, 1);
  }

  Memory memory_{kReach};
};

TEST_F(MemoryTest, ASecondCopyIsAnsweredWithTheFirstReply) {
  EXPECT_EQ(look(1), Standing::unknown);
  memory_.begin(id(1), 1, 0s);
  memory_.answer(id(1), reply(5, 9), 0s);
  EXPECT_EQ(look(1), Standing::answered);
  EXPECT_EQ(memory_.reply_to(id(1)), reply(5, 9));
  EXPECT_EQ(look(2), Standing::unknown);
}

TEST_F(MemoryTest, WhatWasBegunAndNotEndedIsInterrupted) {
  memory_.begin(id(1), 1, 0s);
  EXPECT_EQ(look(1), Standing::interrupted);
}

TEST_F(MemoryTest, WhatCouldNotBeWrittenWasNeverBegun) {
  memory_.begin(id(1), 1, 0s);
  memory_.undo(id(1));
  EXPECT_EQ(look(1), Standing::unknown);
  EXPECT_EQ(memory_.size(), 0U);
}

TEST_F(MemoryTest, AnotherRequestWithTheSameIdIsNotAnsweredWithThisReply) {
  run(1, 0s);
  EXPECT_EQ(memory_.look(id(1), 2), Standing::id_reused);
}

TEST_F(MemoryTest, NothingIsForgottenWhileThereIsRoom) {
  run(1, 0s);
  EXPECT_TRUE(memory_.make_room(Seconds(24h * 365)));
  EXPECT_EQ(look(1), Standing::answered);
}

TEST_F(MemoryTest, WhatTheBrokerMayBringOnceMoreIsNotForgottenForANewOne) {
  fill(0s);
  EXPECT_FALSE(memory_.make_room(kReach - 1s)) << "refused rather than run twice";
  EXPECT_EQ(look(0), Standing::answered);
  EXPECT_TRUE(memory_.make_room(kReach));
  EXPECT_EQ(look(0), Standing::unknown) << "one goes";
  EXPECT_EQ(look(1), Standing::answered);
  EXPECT_EQ(memory_.size(), limits::kRememberedCommands - 1);
}

TEST_F(MemoryTest, ACopyThatComesLateKeepsItsCommandInMemory) {
  fill(0s);
  EXPECT_FALSE(memory_.seen_again(id(0), limits::kCommandSeenStep - 1s))
      << "it is too soon to write";
  EXPECT_TRUE(memory_.seen_again(id(0), 20h));
  EXPECT_EQ(memory_.record_of(id(0)).seen, Seconds(20h));
  EXPECT_TRUE(memory_.make_room(kReach));
  EXPECT_EQ(look(0), Standing::answered);
  EXPECT_EQ(look(1), Standing::unknown);
}

TEST_F(MemoryTest, TheOldestRepliesGoFirstAndTheirCommandsStayKnown) {
  constexpr std::size_t kFit = limits::kKeptReplyBytes / limits::kMaxKeptReplyBytes;
  for (std::uint64_t n = 0; n <= kFit; ++n) run(n, 0s, limits::kMaxKeptReplyBytes);
  EXPECT_EQ(look(0), Standing::reply_gone);
  for (std::uint64_t n = 1; n <= kFit; ++n) EXPECT_EQ(look(n), Standing::answered) << n;
  EXPECT_EQ(memory_.reply_bytes(), limits::kKeptReplyBytes);
}

TEST_F(MemoryTest, AReplyThatIsTooLongIsNotKept) {
  run(1, 0s, limits::kMaxKeptReplyBytes);
  run(2, 0s, limits::kMaxKeptReplyBytes + 1);
  EXPECT_EQ(look(1), Standing::answered);
  EXPECT_EQ(look(2), Standing::reply_gone);
  EXPECT_EQ(memory_.reply_bytes(), limits::kMaxKeptReplyBytes);
}

TEST_F(MemoryTest, IsTheSameFromItsRecords) {
  run(1, 5s);
  run(2, 6s, limits::kMaxKeptReplyBytes + 1);
  memory_.begin(id(3), 3, 7s);
  Memory next(kReach);
  for (Remembered& one : memory_.all()) next.found(std::move(one));
  EXPECT_EQ(next.all(), memory_.all());
  EXPECT_EQ(next.last_seen(), 7s);
  EXPECT_EQ(next.look(id(3), 3), Standing::interrupted);
}

TEST_F(MemoryTest, TheLastRecordOfACommandCounts) {
  memory_.found({.id = id(1), .request = 1, .seen = 3s});
  memory_.found({.id = id(1),
                 .request = 1,
                 .seen = 4s,
                 .state = Remembered::State::answered,
                 .reply = reply(3)});
  EXPECT_EQ(look(1), Standing::answered);
  EXPECT_EQ(memory_.size(), 1U);
  EXPECT_EQ(memory_.reply_bytes(), 3U);
}

TEST_F(MemoryTest, IsBoundedWhateverTheFileHas) {
  for (std::uint64_t n = 0; n < limits::kRememberedCommands + 10; ++n) {
    memory_.found({.id = id(n),
                   .request = n,
                   .state = Remembered::State::answered,
                   .reply = reply(limits::kMaxKeptReplyBytes)});
  }
  EXPECT_EQ(memory_.size(), limits::kRememberedCommands);
  EXPECT_LE(memory_.reply_bytes(), limits::kKeptReplyBytes);
  EXPECT_EQ(look(9), Standing::unknown);
  EXPECT_EQ(look(10), Standing::reply_gone);
}

TEST(CommandId, DependsOnTopicAndId) {
  const CommandId one = command_id("truck/17", "abc");
  EXPECT_EQ(one, command_id("truck/17", "abc"));
  EXPECT_NE(one, command_id("truck/17", "abd"));
  EXPECT_NE(one, command_id("truck/1", "7abc"));
  EXPECT_NE(command_id("t", ""), command_id("t", std::string_view("\0", 1)));
}

// Of SHA-256: it stands in files, so it has to be the same in every release.
TEST(CommandId, IsTheSameInEveryRelease) {
  const CommandId one = command_id("t", "1");
  EXPECT_EQ(one.high, 0x4e06930abb477ec4ULL);
  EXPECT_EQ(one.low, 0x5692006f7d7a0c33ULL);
  EXPECT_EQ(digest_of(std::as_bytes(std::span("ab", 2))), 0xfb8e20fc2e4c3f24ULL);
}

}  // namespace
}  // namespace holdfast::commands
