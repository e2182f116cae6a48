// Is an event read back from its slot as it was, and does nothing that is damaged count?

#include "observe/event_record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include <holdfast/error.hpp>

#include "base/hex.hpp"
#include "unit/observe/events.hpp"

namespace holdfast::observe {
namespace {

using testing::ElementsAre;
using testing::Eq;
using testing::IsEmpty;
using testing::Optional;

EventRecord a_record(std::uint64_t number = 1) {
  EventRecord record =
      record_of(event_of(EventKind::connect_failed, "no route", Errc::unreachable),
                {.boot = 0x1122, .since_boot_ms = 5'000, .began_ms = 1'700'000'000'000});
  record.record = number;
  record.event = number;
  return record;
}

std::vector<std::uint8_t> file_of(const std::vector<EventRecord>& records) {
  std::vector<std::uint8_t> file(limits::kKeptEvents * limits::kKeptEventBytes);
  for (const EventRecord& record : records) {
    const EventSlot slot = encode_slot(record);
    const auto at = static_cast<std::ptrdiff_t>(record.record % limits::kKeptEvents * slot.size());
    std::copy(slot.begin(), slot.end(), file.begin() + at);
  }
  return file;
}

TEST(EventSlot, GivesBackWhatWasPutIntoIt) {
  EventRecord record = a_record(3);
  record.count = 9;
  record.first_ms = 4'000;
  EXPECT_THAT(decode_slot(encode_slot(record)), Optional(record));
  record.last.began_ms.reset();
  EXPECT_THAT(decode_slot(encode_slot(record)), Optional(record)) << "nobody knows the date";
}

TEST(EventSlot, HasWhatAPersonNeeds) {
  const EventRecord record = a_record();
  EXPECT_EQ(record.kind, "connect_failed");
  EXPECT_EQ(record.severity, Severity::warning);
  EXPECT_EQ(record.code, static_cast<int>(Errc::unreachable));
  EXPECT_EQ(record.error, make_error_code(Errc::unreachable).message());
  EXPECT_EQ(record.detail, "no route");
  EXPECT_THAT(record.last.wall_ms(), Optional(Eq(1'700'000'005'000)));
}

TEST(EventSlot, AnErrorOfSomebodyElseHasNoCode) {
  const EventRecord record =
      record_of(event_of(EventKind::warning, "", std::make_error_code(std::errc::io_error)), {});
  EXPECT_EQ(record.code, 0);
  EXPECT_FALSE(record.error.empty());
}

// docs/formats/events.md. If this fails, the format has changed.
TEST(EventSlot, HasTheBytesOfItsFormat) {
  EventRecord record = a_record(2);
  record.error = "e";
  record.detail = "d";
  const EventSlot slot = encode_slot(record);
  const std::string bytes(slot.begin(), slot.end());
  const std::string kind = "connect_failed";
  const std::string fixed = to_hex(bytes.substr(12, 62));
  EXPECT_EQ(bytes.substr(0, 4), "HFEV");
  EXPECT_EQ(fixed,
            "0200000000000000"  // record
            "0200000000000000"  // event
            "01000000"          // count
            "2211000000000000"  // boot
            "0068e5cf8b010000"  // when it began
            "8813000000000000"  // first
            "8813000000000000"  // last
            "15000000"          // code
            "04"
            "02"
            "0e"
            "01"      // severity, flags, lengths of kind and error
            "0100");  // length of the detail
  EXPECT_EQ(bytes.substr(74, kind.size() + 2), kind + "ed");
  EXPECT_EQ(bytes.find_first_not_of('\0', 74 + kind.size() + 2), std::string::npos);
}

TEST(EventSlot, CutsALongDetailBetweenCharacters) {
  std::string detail;
  while (detail.size() < 1'000) detail += "\xE2\x82\xAC";  // three bytes
  for (const char* const before : {"", "a", "ab"}) {
    const EventRecord record = record_of(event_of(EventKind::warning, before + detail), {});
    EXPECT_TRUE(record.cut);
    EXPECT_EQ((record.detail.size() - std::string(before).size()) % 3, 0U);
    EventRecord numbered = record;
    numbered.record = numbered.event = 1;
    EXPECT_THAT(decode_slot(encode_slot(numbered)), Optional(numbered));
  }
  EXPECT_FALSE(a_record().cut);
}

TEST(EventSlot, EveryDamageIsSeen) {
  const EventSlot whole = encode_slot(a_record());
  for (std::size_t at = 0; at < whole.size(); ++at) {
    EventSlot slot = whole;
    slot[at] ^= 0x40U;
    EXPECT_EQ(decode_slot(slot), std::nullopt) << "byte " << at;
  }
  EXPECT_EQ(decode_slot(std::span(whole).first(whole.size() - 1)), std::nullopt);
}

// --- The file ------------------------------------------------------------------------------------

TEST(EventFileFormat, IsInTheOrderOfTheLatestEvents) {
  EventRecord early = a_record(1);
  early.event = 5;  // it came once more
  EXPECT_THAT(details_of(decode_events(file_of({early, a_record(2), a_record(3)})).records),
              ElementsAre("no route", "no route", "no route"));
  const auto kept = decode_events(file_of({early, a_record(2), a_record(3)}));
  ASSERT_EQ(kept.records.size(), 3U);
  EXPECT_EQ(kept.records.back().record, 1U);
  EXPECT_EQ(kept.damaged, 0U);
}

TEST(EventFileFormat, ADateThatWasKnownLaterIsThatOfTheWholeBoot) {
  EventRecord early = a_record(1);
  early.last.began_ms.reset();
  EventRecord other = a_record(3);
  other.last.began_ms.reset();
  other.last.boot = 0x33;
  const auto kept = decode_events(file_of({early, a_record(2), other}));
  ASSERT_EQ(kept.records.size(), 3U);
  EXPECT_THAT(kept.records[0].last.wall_ms(), Optional(Eq(1'700'000'005'000)));
  EXPECT_EQ(kept.records[2].last.wall_ms(), std::nullopt) << "another boot";
}

TEST(EventFileFormat, DamageTakesNoMoreThanItsOwnPlace) {
  auto file = file_of({a_record(1), a_record(2), a_record(3)});
  file[2 * limits::kKeptEventBytes + 100] ^= 1U;
  const auto kept = decode_events(file);
  EXPECT_EQ(kept.records.size(), 2U);
  EXPECT_EQ(kept.damaged, 1U);
}

TEST(EventFileFormat, AFileThatEndsEarlyGivesWhatIsThere) {
  auto file = file_of({a_record(1), a_record(2)});
  file.resize(2 * limits::kKeptEventBytes + 7);
  const auto kept = decode_events(file);
  EXPECT_EQ(kept.records.size(), 1U);
  EXPECT_EQ(kept.damaged, 1U) << "a part of the second";
  EXPECT_THAT(decode_events({}).records, IsEmpty());
}

TEST(EventFileFormat, ARecordInTheWrongPlaceDoesNotCount) {
  auto file = file_of({a_record(1)});
  std::rotate(file.begin(), file.begin() + limits::kKeptEventBytes, file.end());
  const auto kept = decode_events(file);
  EXPECT_THAT(kept.records, IsEmpty());
  EXPECT_EQ(kept.damaged, 1U);
}

}  // namespace
}  // namespace holdfast::observe
