// Does the file system whose power can be cut lose what was not synced, and only that?

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "support/power_cut_vfs.hpp"

namespace holdfast::test {
namespace {

std::string text_of(const PowerCutDisk::File& file) {
  return file ? std::string(file->bytes().begin(), file->bytes().end()) : "(none)";
}

std::string text_after(const PowerCutDisk& disk, Luck luck, const std::string& name = "f") {
  return text_of(disk.after_cut(luck).find(name));
}

// A disk that has a synced file.
PowerCutDisk disk_with(const std::string& text) {
  PowerCutDisk disk;
  disk.make("f")->write(0, text);
  disk.find("f")->sync();
  disk.sync_names();
  return disk;
}

TEST(PowerCutDiskTest, LosesAWriteThatWasNotSyncedAndKeepsOneThatWas) {
  const PowerCutDisk disk = disk_with("old");
  disk.find("f")->write(0, "new");
  EXPECT_EQ(text_of(disk.find("f")), "new") << "programs see it";
  EXPECT_EQ(text_after(disk, Luck::none()), "old");
  EXPECT_EQ(text_after(disk, Luck::all()), "new");
  disk.find("f")->sync();
  EXPECT_EQ(text_after(disk, Luck::none()), "new");
}

TEST(PowerCutDiskTest, LosesATruncationThatWasNotSynced) {
  const PowerCutDisk disk = disk_with("long");
  disk.find("f")->truncate(1);
  EXPECT_EQ(text_after(disk, Luck::none()), "long");
  disk.find("f")->sync();
  EXPECT_EQ(text_after(disk, Luck::none()), "l");
}

TEST(PowerCutDiskTest, TearsAWriteBetweenSectorsOnly) {
  const std::string old(3 * kSectorBytes, 'o');
  const PowerCutDisk disk = disk_with(old);
  disk.find("f")->write(0, std::string(3 * kSectorBytes, 'n'));
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const std::string text = text_after(disk, Luck::drawn(seed));
    std::string sectors;
    for (std::size_t i = 0; i < 3; ++i) {
      sectors += text[i * kSectorBytes];
      ASSERT_EQ(text.substr(i * kSectorBytes, kSectorBytes), std::string(kSectorBytes, sectors[i]));
    }
    seen.insert(sectors);
  }
  EXPECT_EQ(seen.size(), 8U) << "each sector is old or new, whatever the others are";
}

TEST(PowerCutDiskTest, WritesReachItInAnyOrderButASectorIsOfOneMoment) {
  const PowerCutDisk disk = disk_with(std::string(2 * kSectorBytes, 'o'));
  disk.find("f")->write(0, "1");
  disk.find("f")->write(kSectorBytes, "1");
  disk.find("f")->write(1, "2");
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const std::string text = text_after(disk, Luck::drawn(seed));
    seen.insert(text.substr(0, 2) + text[kSectorBytes]);
  }
  const std::set<std::string> possible{"ooo", "1oo", "12o", "oo1", "1o1", "121"};
  EXPECT_EQ(seen, possible) << "the third write cannot be there without the first";
}

TEST(PowerCutDiskTest, AFileMayBeLongBeforeItsContentIsThere) {
  const PowerCutDisk disk = disk_with("");
  disk.find("f")->write(0, "new");
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 500; ++seed) seen.insert(text_after(disk, Luck::drawn(seed)));
  EXPECT_EQ(seen, (std::set<std::string>{"", "new", "\xA5\xA5\xA5"}));
}

TEST(PowerCutDiskTest, NamesAreOnTheDiskOnceTheyAreSynced) {
  PowerCutDisk disk = disk_with("old");
  disk.remove("f");
  disk.make("f")->write(0, "new");
  disk.find("f")->sync();
  EXPECT_EQ(text_after(disk, Luck::none()), "old");
  EXPECT_EQ(text_after(disk, Luck::all()), "new");
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 100; ++seed) seen.insert(text_after(disk, Luck::drawn(seed)));
  EXPECT_EQ(seen, (std::set<std::string>{"old", "(none)", "new"}));
  disk.sync_names();
  EXPECT_EQ(text_after(disk, Luck::none()), "new");
}

TEST(PowerCutDiskTest, ASyncThatFailedIsNotMadeUpForByTheNext) {
  const PowerCutDisk disk = disk_with("old");
  disk.find("f")->write(0, "new");
  Luck luck = Luck::none();
  disk.find("f")->fail_to_sync(luck);
  disk.find("f")->sync();
  EXPECT_EQ(text_of(disk.find("f")), "new");
  EXPECT_EQ(text_after(disk, Luck::none()), "old");
}

struct Close {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};
using Connection = std::unique_ptr<sqlite3, Close>;

int run(const Connection& connection, const char* sql) {
  return sqlite3_exec(connection.get(), sql, nullptr, nullptr, nullptr);
}

Connection open(const PowerCutVfs& vfs) {
  sqlite3* database = nullptr;
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  EXPECT_EQ(sqlite3_open_v2("/f.db", &database, kFlags, vfs.name().c_str()), SQLITE_OK);
  Connection connection(database);
  // There is no shared memory.
  EXPECT_EQ(run(connection, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=FULL"), SQLITE_OK);
  return connection;
}

// Rows after a cut without luck; -1 if not even the table is there.
int rows_after_cut(const PowerCutVfs& vfs) {
  Luck luck = Luck::none();
  const PowerCutVfs later(vfs.disk().after_cut(luck));
  const Connection connection = open(later);
  int rows = -1;
  const auto count = [](void* result, int, char** values, char**) {
    *static_cast<int*>(result) = std::stoi(values[0]);
    return 0;
  };
  sqlite3_exec(connection.get(), "SELECT count(*) FROM t", count, &rows, nullptr);
  return rows;
}

class PowerCutVfsTest : public testing::Test {
 protected:
  PowerCutVfsTest() : connection_(open(vfs_)) {}

  void make_table(const char* journal_mode) {
    const std::string sql = std::string("PRAGMA journal_mode=") + journal_mode;
    ASSERT_EQ(run(connection_, sql.c_str()), SQLITE_OK);
    ASSERT_EQ(run(connection_, "CREATE TABLE t(x)"), SQLITE_OK);
  }

  PowerCutVfs vfs_;
  Connection connection_;  // ends before its file system
};

TEST_F(PowerCutVfsTest, SqliteKeepsWhatItSyncsAndLosesWhatItDoesNot) {
  make_table("WAL");
  EXPECT_EQ(rows_after_cut(vfs_), 0);
  ASSERT_EQ(run(connection_, "INSERT INTO t VALUES(1)"), SQLITE_OK);
  EXPECT_EQ(rows_after_cut(vfs_), 1);
  ASSERT_EQ(run(connection_, "PRAGMA synchronous=OFF; INSERT INTO t VALUES(2)"), SQLITE_OK);
  EXPECT_EQ(rows_after_cut(vfs_), 1);
  ASSERT_EQ(run(connection_, "PRAGMA synchronous=FULL; INSERT INTO t VALUES(3)"), SQLITE_OK);
  EXPECT_EQ(rows_after_cut(vfs_), 3) << "a sync is of the whole file";
}

// SQLite documents for PRAGMA synchronous that only EXTRA syncs the directory after that.
TEST_F(PowerCutVfsTest, TheDeletionThatCommitsARollbackJournalIsLostWithoutASyncOfNames) {
  ASSERT_EQ(run(connection_, "PRAGMA locking_mode=NORMAL"), SQLITE_OK);
  make_table("DELETE");
  EXPECT_EQ(rows_after_cut(vfs_), -1);
  ASSERT_EQ(run(connection_, "PRAGMA synchronous=EXTRA; INSERT INTO t VALUES(1)"), SQLITE_OK);
  EXPECT_EQ(rows_after_cut(vfs_), 1);
}

TEST_F(PowerCutVfsTest, NothingWorksOnceThePowerIsGone) {
  make_table("WAL");
  vfs_.cut_at(2);
  const std::uint64_t operations = vfs_.operations();
  EXPECT_EQ(run(connection_, "INSERT INTO t VALUES(1)"), SQLITE_IOERR);
  EXPECT_TRUE(vfs_.is_cut());
  EXPECT_EQ(vfs_.operations(), operations + 2);
  EXPECT_EQ(run(connection_, "INSERT INTO t VALUES(1)"), SQLITE_IOERR);
  EXPECT_EQ(vfs_.operations(), operations + 2);
  EXPECT_EQ(rows_after_cut(vfs_), 0);
}

TEST_F(PowerCutVfsTest, OneOperationFailsAndTheNextWorks) {
  make_table("WAL");
  vfs_.fail_at(2, Luck::none());
  EXPECT_EQ(run(connection_, "INSERT INTO t VALUES(1)"), SQLITE_IOERR);
  EXPECT_EQ(run(connection_, "INSERT INTO t VALUES(1)"), SQLITE_OK);
  EXPECT_EQ(rows_after_cut(vfs_), 1);
}

TEST_F(PowerCutVfsTest, IsWatchedInTheMidstOfEachOperation) {
  make_table("WAL");
  const std::uint64_t before = vfs_.operations();
  std::uint64_t watched = 0;
  int most = 0;
  vfs_.watch([&] {
    ++watched;
    most = std::max(most, rows_after_cut(vfs_));
  });
  ASSERT_EQ(run(connection_, "INSERT INTO t VALUES(1)"), SQLITE_OK);
  vfs_.watch({});
  EXPECT_GT(watched, 1U);
  EXPECT_EQ(watched, vfs_.operations() - before);
  EXPECT_EQ(most, 0) << "in the midst of the sync it has not happened";
  EXPECT_EQ(rows_after_cut(vfs_), 1);
}

}  // namespace
}  // namespace holdfast::test
