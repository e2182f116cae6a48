// The question these tests answer: do the child's lines and its end arrive, and does it never
// outlive its owner?

#include "child.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <cerrno>

namespace view {
namespace {

std::vector<std::string> all_lines(LineReader& reader) {
  std::vector<std::string> all;
  while (reader.get() >= 0) {
    sample::wait_readable({reader.get()});
    for (std::string& line : reader.take()) all.push_back(std::move(line));
  }
  return all;
}

TEST(Child, LinesOfBothStreamsAndExitCodeArrive) {
  Child child({"/bin/sh", "-c", "echo one; echo two >&2; printf cut; exit 5"});
  EXPECT_EQ(all_lines(child.out()), (std::vector<std::string>{"one", "cut"}));
  EXPECT_EQ(all_lines(child.err()), (std::vector<std::string>{"two"}));
  EXPECT_TRUE(child.at_end());
  EXPECT_EQ(child.wait(), 5);
}

TEST(Child, ProgramThatDoesNotExistSaysSo) {
  Child child({"/nowhere/board"});
  EXPECT_EQ(all_lines(child.err()), (std::vector<std::string>{"cannot be executed"}));
  EXPECT_EQ(child.wait(), 127);
}

TEST(Child, StartsWithSignalsUnblocked) {
  sigset_t set;
  sigset_t before;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &set, &before), 0);
  {
    Child child({"/bin/sh", "-c", "kill -TERM $$; echo blocked"});
    EXPECT_TRUE(all_lines(child.out()).empty());
    EXPECT_EQ(child.wait(), 128 + SIGTERM);
  }
  ASSERT_EQ(pthread_sigmask(SIG_SETMASK, &before, nullptr), 0);
}

TEST(Child, DoesNotOutliveItsOwner) {
  pid_t pid = 0;
  {
    Child child({"/bin/sh", "-c", "echo $$; exec sleep 1000"});
    sample::wait_readable({child.out().get()});
    const auto lines = child.out().take();
    ASSERT_EQ(lines.size(), 1U);
    pid = static_cast<pid_t>(std::stol(lines[0]));
  }
  EXPECT_EQ(::kill(pid, 0), -1);
  EXPECT_EQ(errno, ESRCH);
}

}  // namespace
}  // namespace view
