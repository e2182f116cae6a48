#include "state/slots.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/temp_dir.hpp"

namespace holdfast::state {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using Content = std::vector<std::uint8_t>;

Content content_of(std::string_view text) {
  return {text.begin(), text.end()};
}

class SlotsTest : public testing::Test {
 protected:
  Slots open(unsigned format = 1) { return {temp.path(), "trust", format}; }

  std::optional<Content> load(unsigned format = 1) {
    Slots slots = open(format);
    return slots.load(remark);
  }
  void store(std::string_view text) {
    Slots slots = open();
    ASSERT_FALSE(slots.store(content_of(text)));
  }
  fs::path slot(char which) { return temp.path() / (std::string("trust.1.") + which); }

  test::TempDir temp;
  std::string remark;
};

TEST_F(SlotsTest, AreEmptyAtFirst) {
  EXPECT_FALSE(load());
  EXPECT_THAT(remark, IsEmpty());
}

TEST_F(SlotsTest, GiveBackWhatWasStoredLast) {
  for (const char* text : {"one", "", "a longer third one", "four"}) {
    store(text);
    EXPECT_EQ(load(), content_of(text));
  }
  EXPECT_THAT(remark, IsEmpty());
}

TEST_F(SlotsTest, AreForTheirOwnerOnly) {
  store("one");
  fs::permissions(slot('a'), fs::perms::all);
  store("two");
  store("three");
  for (const char which : {'a', 'b'}) {
    struct stat info {};
    ASSERT_EQ(::stat(slot(which).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U) << which;
  }
}

// Every state in which a power failure can leave the slot that is being written: cut off, or with
// the rest of what stood there before.
TEST_F(SlotsTest, HoldTheOldOrTheNewContentWhereverTheWriteIsCut) {
  const std::string first = "the first content, which is the longest of them";
  const std::string old = "the content in force";
  const std::string next = "the content that is being written";
  store(first);  // a
  store(old);    // b
  const std::string before = test::read_file(slot('a'));
  store(next);  // a again
  const std::string after = test::read_file(slot('a'));
  std::size_t olds = 0;
  for (std::size_t cut = 0; cut <= after.size(); ++cut) {
    const std::string written = after.substr(0, cut);
    const std::string rest = cut < before.size() ? before.substr(cut) : std::string();
    for (const std::string& torn : {written, written + rest}) {
      test::write_file(slot('a'), torn);
      const auto content = load();
      ASSERT_TRUE(content == content_of(old) || content == content_of(next)) << "cut at " << cut;
      if (content == content_of(old)) ++olds;
      EXPECT_THAT(remark, IsEmpty());
    }
  }
  EXPECT_GT(olds, 2 * next.size());
  fs::remove(slot('a'));  // or its name never reached the directory
  EXPECT_EQ(load(), content_of(old));
  store("afterwards");
  EXPECT_EQ(load(), content_of("afterwards"));
}

TEST_F(SlotsTest, TearOfAnySectorLeavesTheOldOrTheNewContent) {
  const std::string old(3000, 'o');
  const std::string next(3000, 'n');
  store(std::string(3000, 'f'));
  store(old);
  const std::string before = test::read_file(slot('a'));
  store(next);
  const std::string after = test::read_file(slot('a'));
  constexpr std::size_t kSector = 512;
  const std::size_t sectors = (after.size() + kSector - 1) / kSector;
  for (std::size_t mix = 0; mix < (std::size_t{1} << sectors); ++mix) {
    std::string torn;
    for (std::size_t i = 0; i < sectors; ++i) {
      torn += ((mix >> i) & 1U ? after : before).substr(i * kSector, kSector);
    }
    test::write_file(slot('a'), torn);
    const auto content = load();
    const bool all_written = mix + 1 == (std::size_t{1} << sectors);
    EXPECT_EQ(content, content_of(all_written ? next : old)) << "mix " << mix;
  }
}

TEST_F(SlotsTest, AFirstWriteThatIsCutLosesNothingAndIsNoDamage) {
  test::write_file(slot('a').string() + ".new", "half of the fir");
  EXPECT_FALSE(load());
  EXPECT_THAT(remark, IsEmpty());
  store("one");
  store("two");
  EXPECT_EQ(load(), content_of("two"));
  EXPECT_FALSE(fs::exists(slot('a').string() + ".new"));
  EXPECT_FALSE(fs::exists(slot('b').string() + ".new"));
}

TEST_F(SlotsTest, ASlotThatIsAloneAndDamagedIsReported) {
  store("one");
  ASSERT_FALSE(fs::exists(slot('b')));
  test::write_file(slot('a'), "");
  EXPECT_FALSE(load());
  EXPECT_THAT(remark, HasSubstr("damaged"));
}

TEST_F(SlotsTest, DamageOfBothIsReportedAndSetAside) {
  store("one");
  store("two");
  for (const char which : {'a', 'b'}) test::write_file(slot(which), "rubbish");
  EXPECT_FALSE(load());
  EXPECT_THAT(remark, HasSubstr("damaged"));
  EXPECT_TRUE(fs::exists(slot('a').string() + ".damaged"));
  EXPECT_FALSE(fs::exists(slot('a')));
  store("three");
  EXPECT_EQ(load(), content_of("three"));
  EXPECT_THAT(remark, IsEmpty());
}

TEST_F(SlotsTest, CanBeLookedAtWhileTheirOwnerWritesThem) {
  EXPECT_FALSE(Slots::peek(temp.path(), "trust", 1));
  store("one");
  store("two");
  EXPECT_EQ(Slots::peek(temp.path(), "trust", 1), content_of("two"));
  test::write_file(slot('b'), "half of the thi");
  EXPECT_EQ(Slots::peek(temp.path(), "trust", 1), content_of("one"));
  test::write_file(slot('a'), "rubbish");
  EXPECT_FALSE(Slots::peek(temp.path(), "trust", 1));
  EXPECT_TRUE(fs::exists(slot('a')) && fs::exists(slot('b')));
}

TEST_F(SlotsTest, LeaveThoseOfANewerFormatAlone) {
  store("mine");
  test::write_file(temp.path() / "trust.2.a", "of a newer SDK");
  EXPECT_EQ(load(), content_of("mine"));
  EXPECT_THAT(remark, HasSubstr("trust.2.a"));
  store("mine again");
  EXPECT_EQ(test::read_file(temp.path() / "trust.2.a"), "of a newer SDK");
  EXPECT_FALSE(load(3));
  EXPECT_THAT(remark, IsEmpty()) << "older ones are no news";
}

TEST_F(SlotsTest, DoNotFollowALink) {
  const auto elsewhere = test::write_file(temp.path() / "elsewhere", "precious");
  fs::create_symlink(elsewhere, slot('a'));
  Slots slots = open();
  EXPECT_TRUE(slots.store(content_of("x")));
  EXPECT_EQ(test::read_file(elsewhere), "precious");
}

TEST_F(SlotsTest, KeepTheOldContentWhenTheNewOneCannotBeWritten) {
  if (::geteuid() == 0) {
    // Root may write anywhere, but not to a directory where a file should be.
    store("one");
    fs::create_directory(slot('b'));
    Slots slots = open();
    const Failure failure = slots.store(content_of("two"));
    EXPECT_EQ(failure.error, Errc::system_failure);
    EXPECT_THAT(failure.detail, HasSubstr(slot('b').string()));
  } else {
    store("one");
    fs::permissions(temp.path(), fs::perms::owner_read | fs::perms::owner_exec);
    Slots slots = open();
    EXPECT_EQ(slots.store(content_of("two")).error, Errc::system_failure);
    fs::permissions(temp.path(), fs::perms::owner_all);
  }
  EXPECT_EQ(load(), content_of("one"));
}

TEST_F(SlotsTest, RefuseWhatIsTooLong) {
  Slots slots = open();
  EXPECT_EQ(slots.store(Content(Slots::kMaxContentBytes + 1)).error, Errc::system_failure);
  EXPECT_FALSE(slots.store(Content(Slots::kMaxContentBytes)));
  EXPECT_EQ(load()->size(), Slots::kMaxContentBytes);
}

}  // namespace
}  // namespace holdfast::state
