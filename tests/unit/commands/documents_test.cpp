// What is kept of a command, and the error that answers one, as bytes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "command_error_generated.h"
#include "command_record_generated.h"
#include "commands/command_error.hpp"
#include "commands/memory_record.hpp"

namespace holdfast::commands {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using State = Remembered::State;

Remembered sample() {
  return {.id = {0x0102030405060708, 0x090A0B0C0D0E0F10},
          .request = 0x1112131415161718,
          .seen = 86'400s,
          .state = State::answered,
          .reply = {std::byte{1}, std::byte{2}, std::byte{3}}};
}

TEST(CommandRecord, IsReadAsItWasWritten) {
  Remembered begun = sample();
  begun.state = State::begun;
  begun.reply.clear();
  Remembered at_length = begun;
  at_length.state = State::answered_at_length;
  for (const Remembered& one : {sample(), begun, at_length, Remembered()}) {
    std::string why;
    EXPECT_EQ(decode_record(encode_record(one), why), one) << why;
  }
}

// Written by 0.1.0. If this fails, the format has changed: see docs/formats/commands.md.
TEST(CommandRecord, OfThisReleaseIsReadFromItsBytes) {
  constexpr std::array kGolden = std::to_array<std::uint8_t>(
      {0x1C, 0x00, 0x00, 0x00, 0x48, 0x46, 0x43, 0x52, 0x00, 0x00, 0x00, 0x00, 0x10, 0x00,
       0x2C, 0x00, 0x0C, 0x00, 0x14, 0x00, 0x1C, 0x00, 0x24, 0x00, 0x07, 0x00, 0x08, 0x00,
       0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x24, 0x00, 0x00, 0x00, 0x08, 0x07,
       0x06, 0x05, 0x04, 0x03, 0x02, 0x01, 0x10, 0x0F, 0x0E, 0x0D, 0x0C, 0x0B, 0x0A, 0x09,
       0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11, 0x80, 0x51, 0x01, 0x00, 0x00, 0x00,
       0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x01, 0x02, 0x03, 0x00});
  std::string why;
  EXPECT_EQ(decode_record(kGolden, why), sample()) << why;
  EXPECT_TRUE(std::ranges::equal(encode_record(sample()), kGolden));
}

TEST(CommandRecord, RefusesWhatIsNone) {
  std::string why;
  const auto whole = encode_record(sample());
  for (std::size_t size = 0; size + 1 < whole.size(); ++size) {  // the last byte is padding
    EXPECT_FALSE(decode_record(std::span(whole).first(size), why)) << size;
  }
  EXPECT_THAT(why, HasSubstr("not a record"));
}

TEST(CommandRecord, RefusesWhatContradictsItself) {
  const auto as_is = [](std::uint8_t state, std::size_t bytes) {
    flatbuffers::FlatBufferBuilder builder;
    const std::vector<std::uint8_t> reply(bytes);
    const auto offset = builder.CreateVector(reply);
    builder.Finish(wire::CreateCommandRecord(builder, 1, 2, 3, UINT64_MAX,
                                             static_cast<wire::CommandState>(state), offset),
                   Schema<wire::CommandRecord>::identifier.data());
    const std::span bytes_of(builder.GetBufferPointer(), builder.GetSize());
    std::string why;
    return decode_record(bytes_of, why);
  };
  EXPECT_FALSE(as_is(0, 1)) << "a reply before there is one";
  EXPECT_FALSE(as_is(1, 0)) << "no reply where there is one";
  EXPECT_FALSE(as_is(1, limits::kMaxKeptReplyBytes + 1));
  EXPECT_FALSE(as_is(3, 0));
  const auto wild = as_is(0, 0);
  ASSERT_TRUE(wild);
  EXPECT_LT(wild->seen, Seconds::max() / 2) << "it can be reckoned with";
}

TEST(CommandError, IsReadAsItWasWritten) {
  for (const auto reason :
       {CommandReason::app, CommandReason::interrupted, CommandReason::unavailable}) {
    const auto read = decode_error(encode_error({-7, "the door is open", reason}));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->code, -7);
    EXPECT_EQ(read->text, "the door is open");
    EXPECT_EQ(read->reason, reason);
  }
}

// Back ends read it: docs/guides/commands.md.
TEST(CommandError, OfThisReleaseIsReadFromItsBytes) {
  constexpr std::array kGolden = std::to_array<std::uint8_t>(
      {0x14, 0x00, 0x00, 0x00, 0x48, 0x46, 0x43, 0x45, 0x00, 0x00, 0x0A, 0x00,
       0x10, 0x00, 0x07, 0x00, 0x08, 0x00, 0x0C, 0x00, 0x0A, 0x00, 0x00, 0x00,
       0x00, 0x00, 0x00, 0x02, 0x07, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00,
       0x04, 0x00, 0x00, 0x00, 0x6F, 0x70, 0x65, 0x6E, 0x00, 0x00, 0x00, 0x00});
  const auto read = decode_error(std::as_bytes(std::span(kGolden)));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->code, 7);
  EXPECT_EQ(read->text, "open");
  EXPECT_EQ(read->reason, CommandReason::interrupted);
}

TEST(CommandError, IsToldFromAReply) {
  EXPECT_FALSE(decode_error({}));
  const auto record = encode_record(sample());
  EXPECT_FALSE(decode_error(std::as_bytes(std::span(record))));
  const auto whole = encode_error({1, "text", CommandReason::app});
  EXPECT_FALSE(decode_error(std::span(whole).first(whole.size() - 4)));
}

TEST(CommandError, ALongTextIsCutWhereACharacterEnds) {
  const std::string umlaut = "\xC3\xBC";
  std::string text = "x";
  while (text.size() < 2 * limits::kMaxCommandErrorBytes) text += umlaut;
  const auto read = decode_error(encode_error({0, text, CommandReason::app}));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->text, text.substr(0, limits::kMaxCommandErrorBytes - 1));
}

TEST(CommandError, AReasonOfANewerReleaseIsAFailure) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(wire::CreateCommandError(builder, static_cast<wire::CommandReason>(200), 7),
                 Schema<wire::CommandError>::identifier.data());
  const auto read =
      decode_error(std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize())));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->reason, CommandReason::failed);
  EXPECT_EQ(read->text, "");
}

TEST(CommandError, EveryReasonHasANameAndAMeaning) {
  for (int value = 0; value <= static_cast<int>(wire::CommandReason::MAX); ++value) {
    const auto reason = static_cast<CommandReason>(value);
    EXPECT_NE(to_string(reason), "unknown") << value;
    EXPECT_EQ(to_string(reason),
              wire::EnumNameCommandReason(static_cast<wire::CommandReason>(value)));
    const Errc told = errc_of(reason);
    EXPECT_EQ(value >= static_cast<int>(CommandReason::malformed),
              told == Errc::command_refused || told == Errc::expired)
        << to_string(reason) << ": whether it has run";
  }
}

}  // namespace
}  // namespace holdfast::commands
