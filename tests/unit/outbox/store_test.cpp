#include "outbox/store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "store_fixture.hpp"

namespace holdfast::outbox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(StoreTest, IsReadableByItsOwnerAlone) {
  open();
  put({row(1)});
  for (const auto& file : std::filesystem::directory_iterator(dir_.path())) {
    EXPECT_EQ(file.status().permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write)
        << file.path();
  }
}

TEST_F(StoreTest, KeepsEveryFieldOverAReopening) {
  open();
  Row full = row(1, Priority::urgent);
  full.topic = std::string(
      "tr\xC3\xBC"
      "ck/1");
  full.payload = {std::byte{0}, std::byte{255}, std::byte{0}};
  full.retain = Retain::yes;
  full.key = "door";
  full.of_stream = true;
  full.number = {0xFFFF'FFFF'FFFF'FFFEU, 0xFFFF'FFFFU};
  full.expires = 1'234'567'890'123;
  full.properties = Properties({"text/plain", "reply/1", full.payload});
  Row bare = row(2, Priority::low, 0);
  put({full, bare});
  open();
  const auto rows = store_->read({}, 10, SIZE_MAX);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].place, full.place);
  EXPECT_EQ(rows[0].topic, full.topic);
  EXPECT_EQ(rows[0].payload, full.payload);
  EXPECT_EQ(rows[0].retain, Retain::yes);
  EXPECT_EQ(rows[0].key, "door");
  EXPECT_TRUE(rows[0].of_stream);
  EXPECT_EQ(rows[0].number, full.number);
  EXPECT_EQ(rows[0].expires, full.expires);
  EXPECT_TRUE(std::ranges::equal(rows[0].properties.bytes(), full.properties.bytes()));
  EXPECT_EQ(rows[0].bytes(), full.bytes());
  EXPECT_EQ(store_->totals().bytes, full.bytes() + bare.bytes()) << "they count";
  EXPECT_EQ(rows[1].place, bare.place);
  EXPECT_THAT(rows[1].payload, IsEmpty());
  EXPECT_FALSE(rows[1].of_stream || rows[1].number || rows[1].expires);
  EXPECT_TRUE(rows[1].properties.empty());
}

TEST_F(StoreTest, ReadsInTheOrderOfTheirPlacesFromAnywhere) {
  open();
  Row newest_first = row(5);
  newest_first.place.rank = -5;
  put({row(1), row(2, Priority::low), row(3, Priority::urgent), row(4), newest_first});
  EXPECT_THAT(ids(), ElementsAre(3, 5, 1, 4, 2));
  EXPECT_THAT(ids(row(1).place), ElementsAre(1, 4, 2));
  EXPECT_THAT(ids(row(2).place), ElementsAre(4, 2)) << "between two rows";
  EXPECT_EQ(store_->read({}, 2, SIZE_MAX).size(), 2U);
  EXPECT_EQ(store_->read({}, 10, 12).size(), 2U) << "one may pass the bound of bytes, no more";
}

TEST_F(StoreTest, ABatchNumbersAndTakesOut) {
  open();
  put({row(1), row(2), row(3)});
  EXPECT_FALSE(store_->commit({.numbered = {{row(2).place, {77, 9}}}, .out = {row(1).place}}));
  const auto rows = store_->read({}, 10, SIZE_MAX);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].number, (StreamNumber{77, 9}));
  EXPECT_FALSE(rows[1].number);
  EXPECT_FALSE(store_->commit({.out = {row(99).place}})) << "what is not there is out already";
}

TEST_F(StoreTest, NumbersAreNotGivenTwice) {
  open();
  put({row(41), row(42)});
  EXPECT_FALSE(store_->commit({.out = {row(41).place, row(42).place}, .clock = 5'000}));
  open();
  const auto totals = store_->totals();
  EXPECT_EQ(totals.messages, 0U);
  EXPECT_GE(totals.last_id, 42U);
  EXPECT_EQ(totals.clock, 5'000);
}

TEST_F(StoreTest, TheHighestNumberStandsWhateverIsWrittenLater) {
  open();
  put({row(42)});
  put({row(17)});
  open();
  EXPECT_GE(store_->totals().last_id, 42U);
  put({row(18)});
  EXPECT_FALSE(store_->commit({.dead = {{.id = 50}}}));
  put({row(19)});
  open();
  EXPECT_GE(store_->totals().last_id, 50U);
}

TEST_F(StoreTest, WritesTheTimeOnlyWhereItIsTold) {
  open();
  EXPECT_FALSE(store_->commit({.in = {row(1)}, .clock = 5'000, .wall = 7}));
  EXPECT_FALSE(store_->commit({.in = {row(2)}, .clock = 6'000, .wall = 8, .notes_time = false}));
  EXPECT_EQ(store_->totals().clock, 5'000);
  EXPECT_EQ(store_->totals().wall, 7U);
}

TEST_F(StoreTest, KnowsHowMuchItHolds) {
  open();
  Row keyed = row(2, Priority::normal, 20);
  keyed.key = "k";
  keyed.topic = "\xC3\xBC";  // two bytes, one character
  put({row(1), keyed});
  EXPECT_EQ(store_->totals().messages, 2U);
  EXPECT_EQ(store_->totals().bytes, 11U + 23U);
}

TEST_F(StoreTest, FindsWhatHasExpired) {
  open();
  Row early = row(1);
  early.expires = 100;
  Row late = row(2);
  late.expires = 300;
  put({row(3), late, early});
  EXPECT_EQ(store_->next_expiry(), 100);
  ASSERT_EQ(store_->expired(100, 10).size(), 1U);
  EXPECT_EQ(store_->expired(100, 10).front().place.id, 1U);
  EXPECT_THAT(store_->expired(99, 10), IsEmpty());
  EXPECT_EQ(store_->expired(300, 10).size(), 2U);
  EXPECT_FALSE(store_->commit({.out = {early.place, late.place}}));
  EXPECT_EQ(store_->next_expiry(), std::nullopt);
}

TEST_F(StoreTest, KeepsTheNewestDeadLetters) {
  options_.max_dead = 2;
  open();
  for (MessageId id = 1; id <= 3; ++id) {
    put({row(id)});
    DeadLetter letter{
        .id = id, .topic = "t", .payload = {std::byte{1}}, .code = 62, .reason = "not authorised"};
    EXPECT_FALSE(store_->commit({.out = {row(id).place}, .dead = {letter}}));
  }
  const auto dead = store_->dead(10);
  ASSERT_EQ(dead.size(), 2U);
  EXPECT_EQ(dead[0].id, 2U);
  EXPECT_EQ(dead[1].id, 3U);
  EXPECT_EQ(dead[1].reason, "not authorised");
  EXPECT_EQ(dead[1].code, 62);
  EXPECT_EQ(store_->totals().dead, 2U);
}

DeadLetter letter(MessageId id, std::size_t payload_bytes) {
  DeadLetter letter{.id = id, .topic = "\xC3\xBC", .code = 62};  // two bytes, one character
  letter.payload.resize(payload_bytes);
  return letter;
}

TEST_F(StoreTest, KeepsDeadLettersWithinTheirBytes) {
  options_.max_dead_bytes = 1'000;
  open();
  const auto kept = [this] {
    std::vector<MessageId> ids;
    for (const DeadLetter& one : store_->dead(10)) ids.push_back(one.id);
    return ids;
  };
  EXPECT_FALSE(store_->commit({.dead = {letter(1, 298), letter(2, 298), letter(3, 398)}}));
  EXPECT_THAT(kept(), ElementsAre(1, 2, 3)) << "exactly as much as there may be";
  EXPECT_FALSE(store_->commit({.dead = {letter(4, 0)}}));
  EXPECT_THAT(kept(), ElementsAre(2, 3, 4));
  EXPECT_FALSE(store_->commit({.dead = {letter(5, 500)}}));
  EXPECT_THAT(kept(), ElementsAre(3, 4, 5)) << "the newest that fit";
  EXPECT_FALSE(store_->commit({.dead = {letter(6, 1'000)}}));
  EXPECT_THAT(kept(), IsEmpty()) << "one is larger than all of them may be";
}

TEST_F(StoreTest, ABatchThatHasNoRoomLeavesNothingBehindAndTheRestIntact) {
  options_.max_file_bytes = 128 * 1024;
  open();
  put({row(1)});
  std::vector<Row> many;
  for (MessageId id = 2; id < 40; ++id) many.push_back(row(id, Priority::normal, 10'000));
  const Failure failure = store_->commit({.in = many});
  EXPECT_EQ(store_->trouble(), Trouble::full);
  EXPECT_THAT(failure.detail, HasSubstr("no room"));
  EXPECT_THAT(failure.detail, HasSubstr("131072 bytes"));
  EXPECT_THAT(ids(), ElementsAre(1));
  put({row(2)});
  EXPECT_THAT(ids(), ElementsAre(1, 2)) << "what fits is taken again";
}

TEST_F(StoreTest, RoomIsThereAgainOnceRowsHaveGone) {
  options_.max_file_bytes = 128 * 1024;
  open();
  for (int round = 0; round < 20; ++round) {
    std::vector<Row> rows;
    Batch out;
    for (MessageId id = 1; id <= 8; ++id) {
      rows.push_back(row(id, Priority::normal, 10'000));
      out.out.push_back(rows.back().place);
    }
    put(rows);
    ASSERT_FALSE(store_->commit(out)) << round;
  }
}

TEST_F(StoreTest, LeavesAFileOfANewerFormatAlone) {
  const auto newer = dir_.path() / "outbox-2.db";
  std::ofstream(newer) << "newer";
  open();
  put({row(1)});
  std::string text;
  std::ifstream(newer) >> text;
  EXPECT_EQ(text, "newer");
}

TEST_F(StoreTest, TellsADirectoryThatIsNotThere) {
  options_.directory = dir_.path() / "missing";
  Failure failure;
  EXPECT_EQ(Store::open(options_, remark_, failure), nullptr);
  EXPECT_EQ(failure.error, Errc::storage_failed);
  EXPECT_THAT(failure.detail, HasSubstr("missing/outbox-1.db"));
  EXPECT_THAT(failure.detail, HasSubstr("unable to open"));
}

TEST_F(StoreTest, HasItsFileForItselfAndNeedsNoSharedMemory) {
  open();
  put({row(1)});
  EXPECT_FALSE(std::filesystem::exists(dir_.path() / "outbox-1.db-shm"));
  std::string remark;
  Failure failure;
  EXPECT_EQ(Store::open(options_, remark, failure), nullptr);
  EXPECT_THAT(failure.detail, HasSubstr("locked"));
  EXPECT_THAT(remark, IsEmpty()) << "a file that is in use is not damaged";
}

}  // namespace
}  // namespace holdfast::outbox
