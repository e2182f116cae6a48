// The question these tests answer: is a line what its name says, off at first, and as it was
// switched when it is read back?

#include "line.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include "support/temp_dir.hpp"

namespace commands {
namespace {

std::string complaint(const std::string& spec) {
  try {
    open_line(spec);
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

TEST(OpenLine, SaysWhatALineLooksLike) {
  for (const char* spec : {"", "17", "gpiochip0", "gpiochip0:", "gpiochip0:x", "gpiochip0:-1",
                           "gpiochip:17", "ttyS0:17", "/dev/../etc/passwd:1", "file:"}) {
    EXPECT_NE(complaint(spec).find("write gpiochip0:17, or file:/run/pump"), std::string::npos)
        << spec << ": " << complaint(spec);
  }
}

TEST(OpenLine, AChipThatIsNotThereIsNamed) {
  for (const char* spec : {"gpiochip987654:3", "/dev/gpiochip987654:3"}) {
    EXPECT_NE(complaint(spec).find("/dev/gpiochip987654 line 3 cannot be opened"),
              std::string::npos)
        << complaint(spec);
  }
}

class FileLineTest : public testing::Test {
 protected:
  holdfast::test::TempDir dir_;
  std::filesystem::path file_ = dir_.path() / "pump";
};

TEST_F(FileLineTest, IsOffAtFirstAndThenAsItWasSwitched) {
  dir_.write("pump", "1\n");
  const auto line = open_line("file:" + file_.string());
  EXPECT_FALSE(line->get());
  line->set(true);
  EXPECT_TRUE(line->get());
  EXPECT_EQ(holdfast::test::read_file(file_), "1\n");
  line->set(false);
  EXPECT_EQ(holdfast::test::read_file(file_), "0\n");
}

TEST_F(FileLineTest, ReadsBackWhatIsThereAndNotWhatItWrote) {
  const auto line = open_line("file:" + file_.string());
  line->set(true);
  dir_.write("pump", "0\n");
  EXPECT_FALSE(line->get());
}

TEST_F(FileLineTest, WhatCannotBeWrittenOrReadIsNamed) {
  EXPECT_NE(complaint("file:/nowhere/pump").find("/nowhere/pump cannot be written"),
            std::string::npos);
  const auto line = open_line("file:" + file_.string());
  std::filesystem::remove(file_);
  EXPECT_THROW(line->get(), std::system_error);
}

}  // namespace
}  // namespace commands
