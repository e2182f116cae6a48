#include "state/record_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "state/record_format.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::state {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::uint8_t> bytes_of(std::string_view text) {
  return {text.begin(), text.end()};
}

std::string text_of(const std::vector<std::uint8_t>& bytes) {
  return {bytes.begin(), bytes.end()};
}

class RecordLogTest : public testing::Test {
 protected:
  void append(std::string_view text) {
    RecordLog log = open();
    std::string ignored;
    log.load(ignored);
    const Failure failure = log.append(bytes_of(text));
    ASSERT_FALSE(failure) << failure.detail;
  }
  RecordLog open() { return {temp_.path(), "commands", 1}; }
  std::vector<std::string> load() {
    RecordLog log = open();
    const auto found = log.load(remark_);
    lost_ = found.lost;
    std::vector<std::string> texts;
    for (const auto& record : found.records) texts.push_back(text_of(record));
    return texts;
  }
  fs::path file() const { return temp_.path() / "commands.1.log"; }

  test::TempDir temp_;
  std::string remark_;
  bool lost_ = false;
};

TEST_F(RecordLogTest, IsEmptyAtFirst) {
  EXPECT_THAT(load(), IsEmpty());
  EXPECT_FALSE(lost_);
  EXPECT_THAT(remark_, IsEmpty());
  EXPECT_FALSE(fs::exists(file())) << "nothing is made for who adds nothing";
}

TEST_F(RecordLogTest, GivesBackWhatWasAddedInItsOrder) {
  for (const char* text : {"one", "two", "three"}) append(text);
  EXPECT_THAT(load(), ElementsAre("one", "two", "three"));
  EXPECT_FALSE(lost_);
}

TEST_F(RecordLogTest, IsForItsOwnerOnly) {
  append("one");
  struct stat info {};
  ASSERT_EQ(::stat(file().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

// docs/formats/record_log.md. If this fails, the format has changed.
TEST_F(RecordLogTest, HasTheBytesOfItsFormat) {
  append("ab");
  const std::string head("HFLG\x01\x00\x00\x00", 8);
  const std::string record(
      "\x02\x00\x00\x00"
      "\xA1\x0F\x25\x94\xB9\x80\x8D\xD8"
      "ab",
      14);
  EXPECT_EQ(test::read_file(file()), head + record);
}

// Every state in which a power failure can leave the record that is being added.
TEST_F(RecordLogTest, KeepsAllButTheLastWhereverTheWriteIsCut) {
  append("one");
  append("two");
  const std::string before = test::read_file(file());
  append("the third, which is torn");
  const std::string after = test::read_file(file());
  for (std::size_t cut = before.size(); cut < after.size(); ++cut) {
    for (const std::string& rest : {std::string(), std::string(after.size() - cut, '\0')}) {
      test::write_file(file(), after.substr(0, cut) + rest);
      ASSERT_THAT(load(), ElementsAre("one", "two")) << cut;
      ASSERT_FALSE(lost_) << cut;
      ASSERT_THAT(remark_, IsEmpty());
    }
  }
  append("three");
  EXPECT_THAT(load(), ElementsAre("one", "two", "three")) << "what was torn is gone";
}

TEST_F(RecordLogTest, BeginsAnewWhereItsHeadWasCut) {
  append("one");
  const std::string whole = test::read_file(file());
  for (std::size_t cut = 0; cut <= kLogHeadBytes; ++cut) {
    test::write_file(file(), whole.substr(0, cut));
    ASSERT_THAT(load(), IsEmpty());
    ASSERT_FALSE(lost_);
  }
  append("two");
  EXPECT_THAT(load(), ElementsAre("two"));
}

// A flipped bit in what had counted is no torn write, wherever it is.
TEST_F(RecordLogTest, TellsDamageFromATornWrite) {
  for (const char* text : {"one", "two", "three"}) append(text);
  const std::string whole = test::read_file(file());
  const std::size_t last = whole.size() - kRecordHeadBytes - 5;
  for (std::size_t at = 0; at < last; ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    test::write_file(file(), damaged);
    load();
    ASSERT_TRUE(lost_) << at;
    ASSERT_THAT(remark_, HasSubstr("commands.1.log is damaged"));
  }
}

TEST_F(RecordLogTest, ADamagedFileIsFoundAgainUntilItIsReplaced) {
  for (const char* text : {"one", "two", "three"}) append(text);
  std::string damaged = test::read_file(file());
  damaged[kLogHeadBytes + kRecordHeadBytes + 3 + kRecordHeadBytes] = 'X';
  test::write_file(file(), damaged);
  EXPECT_THAT(load(), ElementsAre("one"));
  EXPECT_TRUE(lost_);
  EXPECT_THAT(load(), ElementsAre("one")) << "a crash in between hides nothing";
  EXPECT_TRUE(lost_);

  RecordLog log = open();
  log.load(remark_);
  EXPECT_TRUE(log.append(bytes_of("never behind damage")));
  EXPECT_FALSE(log.replace({bytes_of("one")}));
  EXPECT_FALSE(log.append(bytes_of("four")));
  EXPECT_THAT(load(), ElementsAre("one", "four"));
  EXPECT_FALSE(lost_);
  EXPECT_EQ(test::read_file(file().string() + ".damaged"), damaged);
}

TEST_F(RecordLogTest, IsReplacedByFewerRecordsAndGoesOn) {
  for (const char* text : {"one", "two", "three"}) append(text);
  RecordLog log = open();
  log.load(remark_);
  const std::size_t before = log.bytes();
  test::write_file(file().string() + ".new", "of a replacement that was cut short");
  EXPECT_FALSE(log.replace({bytes_of("three")}));
  EXPECT_LT(log.bytes(), before);
  EXPECT_FALSE(log.append(bytes_of("four")));
  EXPECT_THAT(load(), ElementsAre("three", "four"));
  EXPECT_FALSE(fs::exists(file().string() + ".new"));
}

TEST_F(RecordLogTest, RefusesRecordsThatItCouldNotReadAgain) {
  RecordLog log = open();
  EXPECT_TRUE(log.append({}));
  EXPECT_TRUE(log.append(std::vector<std::uint8_t>(kMaxRecordBytes + 1)));
  EXPECT_FALSE(log.append(std::vector<std::uint8_t>(kMaxRecordBytes)));
  EXPECT_EQ(load().size(), 1U);
}

TEST_F(RecordLogTest, LeavesAFileOfANewerFormatAlone) {
  const auto newer = temp_.write("commands.2.log", "of a later SDK");
  EXPECT_THAT(load(), IsEmpty());
  EXPECT_TRUE(lost_) << "what it has is not known here";
  EXPECT_THAT(remark_, HasSubstr("commands.2.log"));
  append("one");
  EXPECT_THAT(load(), ElementsAre("one"));
  EXPECT_FALSE(lost_) << "it was told before";
  EXPECT_EQ(test::read_file(newer), "of a later SDK");
}

TEST_F(RecordLogTest, FollowsNoLink) {
  const auto target = temp_.write("target", "somebody else's");
  fs::create_symlink(target, file());
  EXPECT_THAT(load(), IsEmpty());
  EXPECT_TRUE(lost_);
  RecordLog log = open();
  log.load(remark_);
  EXPECT_TRUE(log.append(bytes_of("one")));
  EXPECT_FALSE(log.replace({}));
  EXPECT_EQ(test::read_file(target), "somebody else's");
}

TEST_F(RecordLogTest, TellsADirectoryThatIsNotThere) {
  RecordLog log(temp_.path() / "missing", "commands", 1);
  EXPECT_THAT(log.load(remark_).records, IsEmpty());
  const Failure failure = log.append(bytes_of("one"));
  EXPECT_THAT(failure.detail, HasSubstr("missing/commands.1.log cannot be opened"));
}

}  // namespace
}  // namespace holdfast::state
