// The outbox's file is damaged, or somebody else's: is it set aside, and does the outbox go on?

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "outbox/outbox.hpp"
#include "sample_entry.hpp"
#include "store_fixture.hpp"
#include "support/event_wait.hpp"

namespace holdfast::outbox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class DamagedFileTest : public StoreTest {};

TEST_F(DamagedFileTest, SetsAsideWhatIsNoDatabaseAndSaysSo) {
  std::ofstream(Store::file_in(dir_.path())) << std::string(10'000, '?');
  open();
  EXPECT_THAT(remark_, HasSubstr("outbox-1.db.damaged-1"));
  EXPECT_TRUE(std::filesystem::exists(dir_.path() / "outbox-1.db.damaged-1"));
  put({row(1)});
  open();
  EXPECT_THAT(remark_, IsEmpty());
  EXPECT_THAT(ids(), ElementsAre(1));
}

TEST_F(DamagedFileTest, SetsAsideADatabaseThatIsNotItsOwn) {
  {
    Database foreign(Store::file_in(dir_.path()), "");
    ASSERT_EQ(foreign.run("CREATE TABLE other(x); PRAGMA user_version=1"), Trouble::none);
  }
  open();
  EXPECT_THAT(remark_, HasSubstr("damaged"));
  EXPECT_THAT(ids(), IsEmpty());
}

// What somebody else has put into a file with our name and head, or damage to one of ours.
struct Foreign {
  const char* name;
  const char* sql;
};

class ForeignFileTest : public StoreTest, public testing::WithParamInterface<Foreign> {};

TEST_P(ForeignFileTest, IsSetAsideUntouched) {
  open();
  put({row(1), row(2)});
  store_.reset();
  const auto file = Store::file_in(dir_.path());
  {
    Database foreign(file, "");
    ASSERT_EQ(foreign.run("PRAGMA writable_schema=ON"), Trouble::none);
    ASSERT_EQ(foreign.run(GetParam().sql), Trouble::none) << foreign.why();
  }
  const std::string before = test::read_file(file);
  open();
  EXPECT_THAT(remark_, HasSubstr("damaged-1"));
  EXPECT_TRUE(test::read_file(file.string() + ".damaged-1") == before);
  EXPECT_THAT(ids(), IsEmpty());
  put({row(3)});
  EXPECT_THAT(ids(), ElementsAre(3));
}

constexpr Foreign kForeign[] = {
    {"Trigger",
     "CREATE TRIGGER t AFTER DELETE ON message BEGIN INSERT INTO message SELECT * FROM old; END"},
    {"View", "CREATE VIEW other AS SELECT * FROM message"},
    {"ViewOfOurName",
     "DROP TABLE note; CREATE VIEW note AS SELECT 'last_id' AS name, randomblob(9) AS value"},
    {"Table", "CREATE TABLE other(x)"},
    {"Index", "CREATE INDEX other ON message(hex(zeroblob(1000)))"},
    {"OtherTableOfOurName",
     "DROP TABLE dead; CREATE TABLE dead(id INTEGER PRIMARY KEY, topic, payload, code, reason)"},
    {"MissingTable", "DROP TABLE dead"},
    {"NoSuchLane", "UPDATE message SET lane = 7"},
    {"LaneBetweenLanes", "UPDATE message SET lane = 1.5"},
    {"RankThatIsNoNumber", "UPDATE message SET rank = 'first' WHERE id = 1"},
    {"NumberThatHasNoNext", "UPDATE message SET id = 9223372036854775807 WHERE id = 1"},
    {"NegativeNumber", "UPDATE message SET id = -1 WHERE id = 1"},
    {"LastNumberThatHasNoNext", "UPDATE note SET value = 9223372036854775807"},
    {"ClockThatCannotGoOn", "UPDATE note SET value = 9223372036854775807 WHERE name = 'clock'"},
    {"OtherSql", "UPDATE sqlite_master SET sql = sql || ' AND lane > 7' WHERE type = 'index'"},
};

INSTANTIATE_TEST_SUITE_P(Store, ForeignFileTest, testing::ValuesIn(kForeign),
                         [](const auto& param) { return param.param.name; });

TEST_F(DamagedFileTest, SetsAsideAnIndexThatLacksARow) {
  open();
  store_.reset();
  const auto file = Store::file_in(dir_.path());
  const std::string index = " WHERE type = 'index'; PRAGMA writable_schema=RESET;";
  for (const char* narrower : {"AND lane > 7", ""}) {
    Database foreign(file, "");
    ASSERT_EQ(foreign.run("PRAGMA writable_schema=ON; UPDATE sqlite_master SET sql = "
                          "'CREATE INDEX message_expires ON message(expires) "
                          "WHERE expires IS NOT NULL" +
                          (*narrower == 0 ? "" : " " + std::string(narrower)) + "'" + index),
              Trouble::none)
        << foreign.why();
    if (*narrower == 0) break;
    ASSERT_EQ(foreign.run("INSERT INTO message VALUES(0,1,1,'t',x'',0,'',0,NULL,NULL,5,NULL)"),
              Trouble::none);
  }
  open();
  EXPECT_THAT(remark_, HasSubstr("damaged-1")) << "a removal would fail half-way through its life";
}

// Writes over some bytes of the file.
void damage(const std::filesystem::path& file, std::size_t offset, const std::string& bytes) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(static_cast<std::streamoff>(offset));
  stream << bytes;
}

TEST_F(DamagedFileTest, SetsAsideAHeadThatSqliteDoesNotTake) {
  const auto file = Store::file_in(dir_.path());
  int aside = 0;
  // The magic, the page size, the versions for writing and reading, the reserved bytes, the
  // schema's format.
  for (const std::size_t offset : {0U, 16U, 18U, 19U, 20U, 47U}) {
    open();
    put({row(1)});
    store_.reset();
    damage(file, offset, "\x09");
    open();
    // A flash that is dying does not fill up with them.
    aside = std::min<int>(aside + 1, limits::kDamagedFiles);
    EXPECT_THAT(remark_, HasSubstr("damaged-" + std::to_string(aside))) << offset;
  }
  EXPECT_FALSE(std::filesystem::exists(file.string() + ".damaged-5"));
}

TEST_F(DamagedFileTest, SetsAsideAFileWithAPageOfGarbage) {
  open();
  std::vector<Row> rows;
  for (MessageId id = 1; id <= 40; ++id) rows.push_back(row(id, Priority::normal, 1'000));
  rows.push_back(row(41, Priority::normal, 9'000));
  put(rows);
  store_.reset();
  const auto file = Store::file_in(dir_.path());
  const std::string sound = test::read_file(file);
  ASSERT_GT(sound.size(), 15U * 4096);
  for (std::size_t page = 0; page < sound.size(); page += 4096) {
    test::write_file(file, sound);
    damage(file, page, std::string(200, '\xA5'));
    open();
    EXPECT_THAT(remark_, HasSubstr("damaged")) << "page at " << page;
    store_.reset();
  }
}

TEST_F(DamagedFileTest, AFileThatMayNotBeWrittenIsNotDamaged) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everything";
  open();
  put({row(1)});
  store_.reset();
  const auto file = Store::file_in(dir_.path());
  std::filesystem::permissions(file, std::filesystem::perms::owner_read);
  Failure failure;
  EXPECT_EQ(Store::open(options_, remark_, failure), nullptr);
  EXPECT_THAT(failure.detail, HasSubstr("may not be written"));
  EXPECT_THAT(remark_, IsEmpty());
}

// Numbers are given once: also where the note of the last one was lost.
TEST_F(DamagedFileTest, TheLastNumberIsAsHighAsThatOfAnyMessage) {
  open();
  put({row(1), row(41, Priority::urgent), row(5)});
  store_.reset();
  Database(Store::file_in(dir_.path()), "").run("DELETE FROM note");
  open();
  EXPECT_THAT(remark_, IsEmpty());
  EXPECT_EQ(store_->totals().last_id, 41U);
}

// A file that is too large to be looked through at the start is found damaged only when the outbox
// reads on: what is in memory goes into a fresh one.
TEST_F(DamagedFileTest, IsReplacedWhenItIsInUse) {
  open();
  std::vector<Row> rows;
  for (MessageId id = 1; id <= 36; ++id) rows.push_back(row(id, Priority::normal, 1024 * 1024));
  put(rows);
  store_.reset();

  test::EventLog<Failure> failures;
  test::EventLog<MessageId> stored;
  Outbox box({}, dir_.path());
  const auto file = Store::file_in(dir_.path());
  damage(file, 4096, std::string(std::filesystem::file_size(file) - 4096, '\xA5'));
  box.begin({.changed = [] {},
             .gone = [](const auto&) {},
             .stored =
                 [&](const std::vector<Written>& written) {
                   for (const Written& one : written) stored.append(one.id);
                 },
             .tell =
                 [&](EventKind kind, const Failure& failure) {
                   if (kind == EventKind::storage_failed) failures.append(failure);
                 }});
  EXPECT_EQ(box.take(kStart), nullptr) << "nothing has been read yet";
  ASSERT_TRUE(failures.wait_for_count(1, 20s));
  EXPECT_THAT(failures.all()[0].detail, HasSubstr("outbox-1.db.damaged-1"));
  EXPECT_THAT(failures.all()[0].detail, HasSubstr("36 messages that only it had are lost"));
  Entry entry = sample_entry();
  entry.durable = Durable::at_push();
  const MessageId id = outbox::put(box, entry);
  EXPECT_GT(id, 36U);
  ASSERT_TRUE(stored.wait_for_count(1, 20s));
  box.close();
  EXPECT_EQ(failures.size(), 1U);
  open();
  EXPECT_THAT(remark_, IsEmpty());
  EXPECT_THAT(ids(), ElementsAre(id));
}

}  // namespace
}  // namespace holdfast::outbox
