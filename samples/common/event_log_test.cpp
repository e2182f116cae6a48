// The question these tests answer: does the journal see how much a line matters, and a terminal
// only the line?

#include "common/event_log.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <holdfast/error.hpp>
#include <string>

#include "support/temp_dir.hpp"

namespace sample {
namespace {

using holdfast::EventKind;

class EventLogTest : public testing::Test {
 protected:
  EventLogTest() : file_(dir_.path() / "log"), out_(std::fopen(file_.c_str(), "w")) {}
  ~EventLogTest() override {
    ::unsetenv("JOURNAL_STREAM");
    std::fclose(out_);
  }

  void make_it_the_journal() {
    struct stat is {};
    ::fstat(::fileno(out_), &is);
    const auto name = std::to_string(is.st_dev) + ":" + std::to_string(is.st_ino);
    ::setenv("JOURNAL_STREAM", name.c_str(), 1);
  }
  static holdfast::Event event(EventKind kind, const std::string& detail) {
    holdfast::Event made;
    made.kind = kind;
    made.detail = detail;
    return made;
  }

  holdfast::test::TempDir dir_;
  std::filesystem::path file_;
  std::FILE* out_;
};

TEST_F(EventLogTest, TheJournalGetsLevels) {
  make_it_the_journal();
  EventLog log(out_);
  log.write(event(EventKind::connected, "connected to x"));
  log.write(event(EventKind::connect_failed, "no route"));
  log.write(event(EventKind::key_refused, "another key"));
  log.write(Level::notice, "ignition off");
  EXPECT_EQ(holdfast::test::read_file(file_),
            "<6>connected to x\n<4>connect_failed: no route\n<3>key_refused: another key\n"
            "<5>ignition off\n");
}

TEST_F(EventLogTest, ATerminalDoesNot) {
  EventLog log(out_);
  log.write(event(EventKind::connected, "connected to x"));
  EXPECT_EQ(holdfast::test::read_file(file_), "connected to x\n");
}

TEST_F(EventLogTest, NeitherDoesAFileWhenTheJournalIsElsewhere) {
  ::setenv("JOURNAL_STREAM", "1:1", 1);
  EventLog log(out_);
  log.write(Level::error, "x");
  EXPECT_EQ(holdfast::test::read_file(file_), "x\n");
}

TEST_F(EventLogTest, RemembersWhatTheExitCodeDependsOn) {
  EventLog log(out_);
  EXPECT_FALSE(log.was_connected());
  holdfast::Event failed = event(EventKind::connect_failed, "no route");
  failed.error = holdfast::make_error_code(holdfast::Errc::closed);
  log.write(failed);
  EXPECT_EQ(log.last_error(), failed.error);
  log.write(event(EventKind::connected, ""));
  EXPECT_TRUE(log.was_connected());
}

}  // namespace
}  // namespace sample
