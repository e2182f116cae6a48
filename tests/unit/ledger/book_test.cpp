#include "ledger/book.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include <holdfast/limits.hpp>

#include "ledger/account.hpp"

namespace holdfast::ledger {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

const Instant kStart = Instant() + 1h;
constexpr std::uint64_t kDay = 24 * 3600;
constexpr std::uint64_t kNoon = 20'000 * kDay + kDay / 2;  // of a day in 2024

Account bytes(std::uint64_t up) {
  Account account;
  account[Cause::payload].up = up;
  return account;
}

std::uint64_t of_day(const Book& book, std::uint64_t day) {
  for (const DayAccount& one : book.days()) {
    if (one.day == sys_days(std::chrono::days(day))) return one.account.ip_bytes().sum();
  }
  return 0;
}

std::uint64_t of_all_days(const Book& book) {
  std::uint64_t sum = book.state().unknown_day.ip_bytes().sum();
  for (const DayAccount& one : book.days()) sum += one.account.ip_bytes().sum();
  return sum;
}

TEST(BookTest, AddsToTheDayAndToTheInstallation) {
  Book book;
  book.add(bytes(10), kStart, kNoon);
  book.add(bytes(5), kStart + 1h, kNoon + 3600);
  EXPECT_EQ(of_day(book, 20'000), 15U);
  EXPECT_EQ(book.state().installation.ip_bytes().sum(), 15U);
  EXPECT_EQ(book.state().unknown_day.ip_bytes().sum(), 0U);
}

TEST(BookTest, AnIntervalOverMidnightBelongsToTheDayInWhichItBegan) {
  Book book;
  book.add(bytes(1), kStart, kNoon);
  book.add(bytes(10), kStart + 12h, kNoon + kDay / 2);  // the look at midnight
  book.add(bytes(100), kStart + 12h + 1min, kNoon + kDay / 2 + 60);
  EXPECT_EQ(of_day(book, 20'000), 11U);
  EXPECT_EQ(of_day(book, 20'001), 100U);
}

TEST(BookTest, NextDayIsAtMidnightInUtc) {
  EXPECT_EQ(Book::next_day(kStart, kNoon), kStart + 12h);
  EXPECT_EQ(Book::next_day(kStart, 20'000 * kDay), kStart + 24h);
  EXPECT_FALSE(Book::next_day(kStart, std::nullopt));
}

TEST(BookTest, WithoutAClockItBelongsToTheUnknownDay) {
  Book book;
  for (int hour = 0; hour < 100; ++hour) {
    book.add(bytes(1), kStart + hour * 1h, std::nullopt);
  }
  EXPECT_TRUE(book.days().empty());
  EXPECT_EQ(book.state().unknown_day.ip_bytes().sum(), 100U);
  EXPECT_EQ(book.state().installation.ip_bytes().sum(), 100U);
}

TEST(BookTest, WhatWasSpentBeforeTheTimeWasKnownGoesToItsDayThen) {
  Book book;
  book.add(bytes(1), kStart, std::nullopt);
  book.add(bytes(10), kStart + 11h, std::nullopt);
  book.add(bytes(100), kStart + 13h, std::nullopt);
  // Now it is known: the first two lie before midnight.
  book.add(bytes(1'000), kStart + 14h, kNoon + 14 * 3600);
  EXPECT_EQ(of_day(book, 20'000), 11U);
  EXPECT_EQ(of_day(book, 20'001), 1'100U);
  EXPECT_EQ(book.state().unknown_day.ip_bytes().sum(), 0U);
  EXPECT_EQ(of_all_days(book), 1'111U);
}

TEST(BookTest, WhatIsOlderThanTwoDaysStaysWithTheUnknownDay) {
  Book book;
  for (int hour = 0; hour < 60; ++hour) book.add(bytes(1), kStart + hour * 1h, std::nullopt);
  book.add({}, kStart + 60h, kNoon + 60 * 3600);
  EXPECT_EQ(book.state().unknown_day.ip_bytes().sum(), 12U);
  EXPECT_EQ(of_all_days(book), 60U);
}

TEST(BookTest, AnEarlierProcessesUnknownDayStaysUnknown) {
  Book book(BookState{.installation = bytes(7), .unknown_day = bytes(7), .days = {}});
  book.add(bytes(1), kStart, kNoon);
  EXPECT_EQ(book.state().unknown_day.ip_bytes().sum(), 7U);
  EXPECT_EQ(book.state().installation.ip_bytes().sum(), 8U);
}

TEST(BookTest, AClockThatJumpsLosesNothing) {
  Book book;
  book.add(bytes(1), kStart, kNoon);
  book.add(bytes(2), kStart + 1min, 70'000 * kDay);  // 2161
  book.add(bytes(4), kStart + 2min, kNoon + 120);
  book.add(bytes(8), kStart + 3min, 5);  // 1970, and the interval began before it
  book.add(bytes(16), kStart + 4min, std::nullopt);
  book.add(bytes(32), kStart + 5min, kNoon + 300);
  EXPECT_EQ(of_day(book, 20'000), 1U + 4 + 16 + 32);
  EXPECT_EQ(of_day(book, 69'999) + of_day(book, 70'000), 2U);
  EXPECT_EQ(of_day(book, 0), 8U);
  EXPECT_EQ(of_all_days(book), 63U);
}

TEST(BookTest, KeepsTheNewestDays) {
  Book book;
  for (std::uint64_t day = 0; day < 100; ++day) {
    book.add(bytes(1), kStart + day * 24h, kNoon + day * kDay);
    book.add(bytes(1), kStart + day * 24h + 1min, kNoon + day * kDay + 60);
  }
  EXPECT_EQ(book.days().size(), limits::kLedgerDays);
  EXPECT_EQ(book.days().back().day, sys_days(std::chrono::days(20'099)));
  EXPECT_EQ(book.state().installation.ip_bytes().sum(), 200U);
}

TEST(BookStateTest, IsReadAsItWasWritten) {
  Book book;
  Account account = bytes(3);
  account.connections = 2;
  account.segments_up = 4;
  account.segments_down = 5;
  account[Cause::dns] = {6, 7};
  book.add(account, kStart, kNoon);
  book.add(bytes(9), kStart + 1min, kNoon + kDay);
  std::string why;
  const auto read = decode_book(encode_book(book.state()), why);
  ASSERT_TRUE(read) << why;
  EXPECT_EQ(encode_book(*read), encode_book(book.state()));
  EXPECT_EQ(read->days.size(), 2U);
  EXPECT_EQ(read->installation[Cause::dns].down, 7U);
  EXPECT_EQ(read->installation.connections, 2U);
}

TEST(BookStateTest, RefusesWhatIsNone) {
  std::string why;
  const auto good = encode_book(BookState());
  EXPECT_TRUE(decode_book(good, why));
  EXPECT_TRUE(why.empty());
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(decode_book(std::span(good).first(size), why)) << size;
    EXPECT_FALSE(why.empty());
  }
  BookState many;
  for (std::uint32_t day = 0; day <= limits::kLedgerDays; ++day) many.days[day] = bytes(1);
  EXPECT_FALSE(decode_book(encode_book(many), why));
  EXPECT_NE(why.find("62"), std::string::npos) << why;
}

}  // namespace
}  // namespace holdfast::ledger
