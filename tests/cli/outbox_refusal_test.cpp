// Does `holdfast outbox` keep its hands off what it must not touch: a running device's directory, a
// damaged file, and places where there is no outbox?

#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>

#include "cli/outbox_fixture.hpp"
#include "outbox/database.hpp"
#include "state/state_dir.hpp"

namespace holdfast::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

class OutboxRefusalTest : public OutboxCliTest {
 protected:
  const std::vector<Words> every_{
      {"show"}, {"show", "--json"}, {"dead"}, {"drop", "--all"}, {"drop", "--id", "1"}};
};

TEST_F(OutboxRefusalTest, ADirectoryThatADeviceUses) {
  keep({row(1)});
  const state::StateDir running(state());
  const auto before = files();
  for (const Words& words : every_) {
    EXPECT_EQ(refused(words), "holdfast outbox " + words[0] +
                                  ": a device that runs uses this directory (state); stop the "
                                  "device first, then run this again\n");
  }
  EXPECT_EQ(files(), before);
}

TEST_F(OutboxRefusalTest, AFileThatSomethingElseHasOpen) {
  const auto store = open();
  EXPECT_THAT(refused({"show"}), AllOf(HasSubstr("state/outbox-1.db"), HasSubstr("locked")));
}

TEST_F(OutboxRefusalTest, WhatIsNotThereAndItIsNotMade) {
  for (const Words& words : every_) {
    EXPECT_THAT(refused(words), HasSubstr("there is no outbox in state (no file outbox-1.db); "));
  }
  EXPECT_TRUE(std::filesystem::is_empty(state())) << "not even the lock";
  std::filesystem::remove(state());
  for (const Words& words : every_) {
    EXPECT_THAT(refused(words), HasSubstr("there is no such directory (state); "));
  }
  EXPECT_FALSE(std::filesystem::exists(state()));
  dir_.write("state", "");
  EXPECT_THAT(refused({"show"}), HasSubstr("this is no directory (state); "));
}

TEST_F(OutboxRefusalTest, AFileOfANewerFormatIsNamedAndLeftAlone) {
  dir_.write("state/outbox-2.db", "newer");
  EXPECT_THAT(refused({"show"}),
              HasSubstr("does not read the outbox (state/outbox-2.db has a newer "
                        "format); use the holdfast command of"));
  keep({row(1)});
  const auto result = outbox({"show"});
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.out, HasSubstr("waiting   1 message"));
  EXPECT_EQ(result.err,
            "holdfast outbox: state/outbox-2.db has a newer format and is not looked into\n");
  EXPECT_EQ(files().at("outbox-2.db"), "newer");
}

TEST_F(OutboxRefusalTest, WhatThisUserMayNotWriteTo) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  keep({row(1)});
  std::filesystem::permissions(dir_.path(), std::filesystem::perms(0755));
  shell("cp \"$H\" holdfast && chmod 755 holdfast");  // where it was built may be closed to others
  const auto refused_to_nobody = [&](const std::filesystem::path& path, mode_t mode) {
    std::filesystem::permissions(path, std::filesystem::perms(mode));
    const std::string text = shell(
        "setpriv --reuid=65534 --clear-groups ./holdfast outbox --state-dir state show 2>&1; true");
    EXPECT_THAT(text, AllOf(HasSubstr("this user may not look into the outbox (state"),
                            HasSubstr(": Permission denied); run this as the device's user")));
  };
  refused_to_nobody(state(), 0700);
  refused_to_nobody(state(), 0755);
  std::filesystem::permissions(state(), std::filesystem::perms(0777));
  refused_to_nobody(file(), 0444);
}

TEST_F(OutboxRefusalTest, ADamagedFileIsNamedAndLeftAsItIs) {
  const auto expect_damage = [&](const std::string& why) {
    const auto before = files();
    for (const Words& words : every_) {
      EXPECT_THAT(refused(words),
                  AllOf(HasSubstr("the outbox is damaged (state/outbox-1.db: " + why),
                        HasSubstr("; nothing was changed; the device sets it aside "
                                  "when it is started")))
          << words[0];
    }
    EXPECT_EQ(files(), before);
  };
  std::ofstream(file()) << std::string(10'000, '?');
  expect_damage("file is not a database");
  std::filesystem::remove(file());
  {
    outbox::Database foreign(file(), "");
    ASSERT_EQ(foreign.run("CREATE TABLE other(x); PRAGMA user_version=1"), outbox::Trouble::none);
  }
  expect_damage("its head or its tables are not those of an outbox");
}

// The rows are there, and a page in the midst of them is not what its neighbours say.
TEST_F(OutboxRefusalTest, APageThatIsDamagedIsNotDroppedFromNorChanged) {
  std::vector<outbox::Row> rows;
  for (MessageId id = 1; id <= 1'000; ++id) {
    rows.push_back(row(id, Priority::normal, "t", std::string(200, 'x')));
  }
  keep(rows);
  {
    std::fstream stream(file(), std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(30 * 4'096);
    stream << std::string(4'096, '\xEE');
  }
  const auto before = files();
  for (const Words& words : every_) {
    if (words[0] == "dead") continue;  // its table is sound
    EXPECT_THAT(refused(words), HasSubstr("the outbox is damaged (state/outbox-1.db: "))
        << words[0];
  }
  EXPECT_EQ(files(), before);
}

TEST_F(OutboxRefusalTest, AFileThatWasNotMadeToItsEnd) {
  std::ofstream(file()).flush();
  for (const Words& words : every_) {
    EXPECT_THAT(refused(words), HasSubstr("(state/outbox-1.db: it has no tables yet)"));
  }
  EXPECT_EQ(files().at("outbox-1.db"), "");
  std::ofstream(file().string() + "-journal") << "a journal";
  const auto before = files();
  EXPECT_THAT(refused({"show"}), HasSubstr("was not made to its end (state/outbox-1.db); "));
  EXPECT_EQ(files(), before);
}

TEST_F(OutboxRefusalTest, TheDirectoryIsNamedBeforeOrBehindTheSubCommand) {
  keep({row(1)});
  EXPECT_EQ(cli({"outbox", "show", "--state-dir", "state"}).out,
            cli({"outbox", "--state-dir", "state", "show"}).out);
  for (const Words& words : std::vector<Words>{{"outbox", "show"},
                                               {"outbox"},
                                               {"outbox", "--state-dir", "state"},
                                               {"outbox", "--state-dir", "", "show"},
                                               {"outbox", "--state-dir", "state", "nonsense"}}) {
    const auto result = cli(words);
    EXPECT_EQ(result.status, 2);
    EXPECT_THAT(result.out, IsEmpty());
    EXPECT_THAT(result.err, HasSubstr("holdfast outbox"));
  }
}

}  // namespace
}  // namespace holdfast::test
