#include "state/state_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>

#include <holdfast/error.hpp>

#include "support/temp_dir.hpp"

namespace holdfast::state {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

ConfigError refusal(const fs::path& path) {
  try {
    StateDir dir(path);
  } catch (const ConfigError& error) {
    return error;
  }
  ADD_FAILURE() << path << " was taken";
  return {"", "", ""};
}

unsigned mode_of(const fs::path& path) {
  struct stat info {};
  EXPECT_EQ(::stat(path.c_str(), &info), 0);
  return info.st_mode & 0777U;
}

class StateDirTest : public testing::Test {
 protected:
  test::TempDir temp;
};

TEST_F(StateDirTest, KeepsNothingWithoutAPath) {
  EXPECT_NO_THROW(StateDir(""));
}

TEST_F(StateDirTest, MakesAPrivateDirectory) {
  const auto path = temp.path() / "state";
  const StateDir dir(path);
  EXPECT_EQ(mode_of(path), 0700U);
}

TEST_F(StateDirTest, MakesAPrivateDirectoryThatWasWrittenWithASlashAtItsEnd) {
  const auto path = temp.path() / "state";
  const StateDir dir(path.string() + "/");
  EXPECT_EQ(mode_of(path), 0700U);
}

TEST_F(StateDirTest, MakesTheDirectoriesAbove) {
  const auto path = temp.path() / "a/b/c";
  const StateDir dir(path);
  EXPECT_EQ(mode_of(path), 0700U);
}

TEST_F(StateDirTest, TakesADirectoryThatIsThere) {
  const auto path = temp.path() / "state";
  fs::create_directory(path);
  EXPECT_NO_THROW(StateDir{path});
}

TEST_F(StateDirTest, RefusesASecondDeviceInOneProcess) {
  const auto path = temp.path() / "state";
  const StateDir first(path);
  const auto error = refusal(path);
  EXPECT_EQ(error.field(), "state_dir");
  EXPECT_EQ(error.value(), path.string());
  EXPECT_THAT(error.mend(), HasSubstr("another device"));
}

TEST_F(StateDirTest, RefusesASecondDeviceInAnotherProcess) {
  const auto path = temp.path() / "state";
  const StateDir first(path);
  const pid_t child = ::fork();
  if (child == 0) {
    int code = 1;
    try {
      StateDir second(path);
    } catch (const InUse&) {
      code = 0;
    }
    ::_exit(code);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(StateDirTest, IsFreeAgainWhenItsDeviceIsGone) {
  const auto path = temp.path() / "state";
  std::optional<StateDir> first(std::in_place, path);
  refusal(path);
  first.reset();
  EXPECT_NO_THROW(StateDir{path});
}

TEST_F(StateDirTest, LetsTwoDevicesWorkInDirectoriesOfTheirOwn) {
  const StateDir first(temp.path() / "one");
  EXPECT_NO_THROW(StateDir(temp.path() / "two"));
}

TEST_F(StateDirTest, RefusesAFile) {
  const auto path = temp.write("state", "not a directory");
  EXPECT_THAT(refusal(path).mend(), HasSubstr("not a directory"));
}

TEST_F(StateDirTest, RefusesALinkThatLeadsNowhere) {
  const auto path = temp.path() / "state";
  fs::create_symlink(temp.path() / "missing", path);
  EXPECT_EQ(refusal(path).field(), "state_dir");
}

TEST_F(StateDirTest, RefusesAPlaceBelowAFile) {
  const auto file = temp.write("file", "");
  EXPECT_EQ(refusal(file / "state").field(), "state_dir");
}

TEST_F(StateDirTest, RefusesADirectoryThatCannotBeWrittenTo) {
  const auto path = temp.path() / "state";
  fs::create_directory(path);
  if (::geteuid() != 0) {
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_exec);
  } else {
    // Root may write anywhere; but nobody can open a directory for writing.
    fs::create_directory(path / "lock");
  }
  EXPECT_THAT(refusal(path).mend(), HasSubstr("cannot be written to"));
}

TEST_F(StateDirTest, KeepsItsLockToItself) {
  const StateDir dir(temp.path() / "state");
  EXPECT_EQ(mode_of(temp.path() / "state" / "lock"), 0600U);
}

}  // namespace
}  // namespace holdfast::state
