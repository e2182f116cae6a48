// Does the file keep what was written, and does no disk stop the device?

#include "observe/event_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>

#include "support/temp_dir.hpp"
#include "unit/observe/events.hpp"

namespace holdfast::observe {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

EventRecord numbered(std::uint64_t number, std::string detail) {
  EventRecord record = seen(EventKind::warning, std::move(detail));
  record.record = record.event = number;
  return record;
}

class EventFileTest : public testing::Test {
 protected:
  Failure write(const std::vector<EventRecord>& records) {
    return EventFile(temp_.path()).write(records);
  }
  std::vector<std::string> load() {
    const auto kept = EventFile(temp_.path()).load(remark_);
    return details_of(kept.records);
  }
  fs::path path() const { return temp_.path() / "events.1.ring"; }

  test::TempDir temp_;
  std::string remark_;
};

TEST_F(EventFileTest, IsEmptyAtFirst) {
  EXPECT_THAT(load(), IsEmpty());
  EXPECT_THAT(remark_, IsEmpty());
  EXPECT_FALSE(fs::exists(path())) << "nothing is made for who keeps nothing";
}

TEST_F(EventFileTest, GivesBackWhatWasWritten) {
  ASSERT_FALSE(write({numbered(1, "a"), numbered(2, "b")}));
  ASSERT_FALSE(write({numbered(3, "c")}));
  EXPECT_THAT(load(), ElementsAre("a", "b", "c"));
  EXPECT_THAT(remark_, IsEmpty());
}

TEST_F(EventFileTest, IsForItsOwnerOnly) {
  ASSERT_FALSE(write({numbered(1, "a")}));
  struct stat is {};
  ASSERT_EQ(::stat(path().c_str(), &is), 0);
  EXPECT_EQ(is.st_mode & 0777U, 0600U);
}

TEST_F(EventFileTest, GrowsNoFurther) {
  std::vector<EventRecord> records;
  for (std::uint64_t n = 1; n <= 3 * limits::kKeptEvents; ++n) {
    records.push_back(numbered(n, std::to_string(n)));
  }
  ASSERT_FALSE(write(records));
  EXPECT_EQ(fs::file_size(path()), limits::kKeptEvents * limits::kKeptEventBytes);
  EXPECT_EQ(load().size(), limits::kKeptEvents);
  EXPECT_EQ(load().back(), std::to_string(3 * limits::kKeptEvents));
}

TEST_F(EventFileTest, TellsOfDamageAndReadsTheRest) {
  ASSERT_FALSE(write({numbered(1, "a"), numbered(2, "b"), numbered(3, "c")}));
  std::fstream(path(), std::ios::in | std::ios::out | std::ios::binary)
      .seekp(2 * limits::kKeptEventBytes + 40)
      .write("????", 4);
  EXPECT_THAT(load(), ElementsAre("a", "c"));
  EXPECT_THAT(remark_, HasSubstr("damaged places (1)"));
}

TEST_F(EventFileTest, LeavesANewerFormatAlone) {
  const auto newer = test::write_file(temp_.path() / "events.2.ring", "of a later release");
  ASSERT_FALSE(write({numbered(1, "a")}));
  EXPECT_THAT(load(), ElementsAre("a"));
  EXPECT_THAT(remark_, HasSubstr("events.2.ring"));
  EXPECT_THAT(remark_, HasSubstr("newer SDK"));
  EXPECT_EQ(test::read_file(newer), "of a later release");
}

TEST_F(EventFileTest, FollowsNoLink) {
  const auto other = test::write_file(temp_.path() / "other", "of somebody else");
  fs::create_symlink(other, path());
  EXPECT_TRUE(write({numbered(1, "a")}));
  EXPECT_EQ(test::read_file(other), "of somebody else");
}

TEST_F(EventFileTest, WhatIsNoFileIsAFailure) {
  fs::create_directory(path());
  EXPECT_THAT(write({numbered(1, "a")}).detail, HasSubstr("events.1.ring"));
  fs::remove(path());
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  EXPECT_TRUE(write({numbered(1, "a")})) << "and nobody waits for a reader";
}

TEST_F(EventFileTest, AFullDiskIsAFailureThatEnds) {
  EventFile file(temp_.path());
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  const rlimit small{2 * limits::kKeptEventBytes, old.rlim_max};
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Failure full = file.write({numbered(1, "a"), numbered(2, "b")});
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
  std::signal(SIGXFSZ, before);
  EXPECT_THAT(full.detail, HasSubstr("events.1.ring cannot be written"));
  EXPECT_FALSE(file.write({numbered(2, "b")}));
  EXPECT_THAT(load(), ElementsAre("a", "b"));
}

}  // namespace
}  // namespace holdfast::observe
