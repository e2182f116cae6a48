// With which brokers a device knows to have a session.

#include "session/session_marks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include <holdfast/limits.hpp>

namespace holdfast::session {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;

SessionMarks sample() {
  SessionMarks marks("truck-17");
  marks.add("broker.example.com:8883");
  marks.add("192.0.2.1:443");
  return marks;
}

TEST(SessionMarks, KnowWhereADeviceWas) {
  const SessionMarks marks = sample();
  EXPECT_TRUE(marks.knows("192.0.2.1:443"));
  EXPECT_FALSE(marks.knows("192.0.2.1:8883"));
  EXPECT_FALSE(SessionMarks("truck-17").knows("192.0.2.1:443"));
}

TEST(SessionMarks, AreNewsOnce) {
  SessionMarks marks("truck-17");
  EXPECT_TRUE(marks.add("a:1"));
  EXPECT_FALSE(marks.add("a:1"));
}

TEST(SessionMarks, AreBounded) {
  SessionMarks marks("truck-17");
  for (std::size_t n = 0; n <= limits::kMarkedBrokers; ++n) marks.add("a:" + std::to_string(n));
  EXPECT_EQ(marks.brokers().size(), limits::kMarkedBrokers);
  EXPECT_FALSE(marks.knows("a:0")) << "it starts clean there, which costs a queue and runs nothing";
  EXPECT_TRUE(marks.knows("a:1"));
}

TEST(SessionMarks, AreReadAsTheyWereWritten) {
  std::string why;
  for (const SessionMarks& marks : {sample(), SessionMarks("truck-17")}) {
    const auto read = decode_session_marks(encode_session_marks(marks), why);
    ASSERT_TRUE(read) << why;
    EXPECT_EQ(read->client_id(), "truck-17");
    EXPECT_EQ(read->brokers(), marks.brokers());
  }
}

// Written by 0.1.0. If this fails, the format has changed: see docs/formats/session_marks.md.
TEST(SessionMarks, OfThisReleaseAreReadFromTheirBytesAndTheSameOnEachMachine) {
  constexpr std::array kGolden = std::to_array<std::uint8_t>(
      {0x10, 0x00, 0x00, 0x00, 0x48, 0x46, 0x53, 0x4D, 0x08, 0x00, 0x0C, 0x00, 0x04, 0x00, 0x08,
       0x00, 0x08, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x08, 0x00,
       0x00, 0x00, 0x74, 0x72, 0x75, 0x63, 0x6B, 0x2D, 0x31, 0x37, 0x00, 0x00, 0x00, 0x00, 0x02,
       0x00, 0x00, 0x00, 0x1C, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x0D, 0x00, 0x00, 0x00,
       0x31, 0x39, 0x32, 0x2E, 0x30, 0x2E, 0x32, 0x2E, 0x31, 0x3A, 0x34, 0x34, 0x33, 0x00, 0x00,
       0x00, 0x17, 0x00, 0x00, 0x00, 0x62, 0x72, 0x6F, 0x6B, 0x65, 0x72, 0x2E, 0x65, 0x78, 0x61,
       0x6D, 0x70, 0x6C, 0x65, 0x2E, 0x63, 0x6F, 0x6D, 0x3A, 0x38, 0x38, 0x38, 0x33, 0x00});
  std::string why;
  const auto read = decode_session_marks(kGolden, why);
  ASSERT_TRUE(read) << why;
  EXPECT_EQ(read->client_id(), "truck-17");
  EXPECT_THAT(read->brokers(), ElementsAre("broker.example.com:8883", "192.0.2.1:443"));
  EXPECT_THAT(encode_session_marks(sample()), ElementsAreArray(kGolden));
}

TEST(SessionMarks, RefuseWhatIsNone) {
  std::string why;
  const auto whole = encode_session_marks(sample());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode_session_marks(std::span(whole).first(size), why)) << size;
  }
  EXPECT_THAT(why, Not(IsEmpty()));
}

}  // namespace
}  // namespace holdfast::session
