// The calls that wait for their answers, in virtual time.

#include "commands/call_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::commands {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr Instant kStart = Instant(1'000h);

TEST(CallTable, ACallEndsOnce) {
  CallTable<int> table;
  table.add("a", kStart + 1s, 1);
  EXPECT_TRUE(table.knows("a"));
  EXPECT_EQ(table.take("a"), 1);
  EXPECT_EQ(table.take("a"), std::nullopt) << "a second answer belongs to nobody";
  EXPECT_THAT(table.expire(kStart + 1h), IsEmpty());
}

TEST(CallTable, AForeignAnswerEndsNone) {
  CallTable<int> table;
  table.add("a", kStart + 1s, 1);
  EXPECT_EQ(table.take("b"), std::nullopt);
  EXPECT_EQ(table.take(""), std::nullopt);
  EXPECT_EQ(table.size(), 1U);
}

TEST(CallTable, ThoseWhoseTimeIsOverEndInItsOrder) {
  CallTable<int> table;
  table.add("late", kStart + 3s, 3);
  table.add("first", kStart + 1s, 1);
  table.add("second", kStart + 2s, 2);
  EXPECT_EQ(table.next_deadline(), kStart + 1s);
  EXPECT_THAT(table.expire(kStart + 999ms), IsEmpty());
  EXPECT_THAT(table.expire(kStart + 2s), ElementsAre(1, 2));
  EXPECT_EQ(table.next_deadline(), kStart + 3s);
  EXPECT_THAT(table.clear(), ElementsAre(3));
  EXPECT_EQ(table.next_deadline(), std::nullopt);
}

TEST(CallTable, TwoWithOneDeadlineAreTwo) {
  CallTable<int> table;
  table.add("a", kStart, 1);
  table.add("b", kStart, 2);
  EXPECT_EQ(table.take("a"), 1);
  EXPECT_THAT(table.expire(kStart), ElementsAre(2));
}

TEST(CallTable, IsBounded) {
  CallTable<int> table;
  for (std::size_t n = 0; n < limits::kMaxCalls; ++n) {
    EXPECT_FALSE(table.is_full());
    table.add(std::to_string(n), kStart, 0);
  }
  EXPECT_TRUE(table.is_full());
  table.take("0");
  EXPECT_FALSE(table.is_full());
}

}  // namespace
}  // namespace holdfast::commands
