// The question these tests answer: does a device's event reach spdlog, and the journal its level?

#include "spdlog_sink.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <regex>
#include <string>

#include "support/temp_dir.hpp"

namespace board {
namespace {

class SpdlogSinkTest : public testing::Test {
 protected:
  SpdlogSinkTest() : file_(dir_.path() / "log"), out_(std::fopen(file_.c_str(), "w")) {}
  ~SpdlogSinkTest() override {
    ::unsetenv("JOURNAL_STREAM");
    std::fclose(out_);
  }

  std::string logged(holdfast::EventKind kind, const std::string& detail) {
    sample::EventLog log(spdlog_sink(out_));
    log.write({kind, {}, detail});
    return holdfast::test::read_file(file_);
  }

  holdfast::test::TempDir dir_;
  std::filesystem::path file_;
  std::FILE* out_;
};

TEST_F(SpdlogSinkTest, AFileGetsDateAndLevel) {
  const std::regex line(
      R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d warning connect_failed: no \{route\}\n)");
  const std::string text = logged(holdfast::EventKind::connect_failed, "no {route}");
  EXPECT_TRUE(std::regex_match(text, line)) << text;
}

TEST_F(SpdlogSinkTest, TheJournalGetsItsOwnLevels) {
  struct stat is {};
  ASSERT_EQ(::fstat(::fileno(out_), &is), 0);
  const auto name = std::to_string(is.st_dev) + ":" + std::to_string(is.st_ino);
  ::setenv("JOURNAL_STREAM", name.c_str(), 1);
  EXPECT_EQ(logged(holdfast::EventKind::key_refused, "another key"),
            "<3>key_refused: another key\n");
}

}  // namespace
}  // namespace board
