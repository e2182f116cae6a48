// The question these tests answer: do the columns stay aligned and the rates true, whatever a
// reading lacks?

#include "rows.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace view {
namespace {

board::BoardReadingT reading(std::uint64_t uptime_ms, std::uint64_t rx, std::uint64_t tx) {
  board::BoardReadingT result;
  result.uptime_ms = uptime_ms;
  result.network = std::make_unique<board::Traffic>(rx, tx);
  return result;
}

TEST(Rows, AreAsWideAsTheirHeader) {
  Rows rows;
  board::BoardReadingT full = reading(3'600'000, 0, 0);
  full.time_ms = 1'780'000'000'123;
  full.cpu_permille = 1000;
  full.memory_kib = std::make_unique<board::Usage>(23'000'000U, 24'000'000U);
  full.disk_mib = std::make_unique<board::Usage>(900'000U, 999'000U);
  full.temperatures = {board::make_temperature("cpu_thermal", 48'312),
                       board::make_temperature("x86_pkg_temp", 101'500)};
  const std::string text = rows.row(full);
  EXPECT_EQ(text.size(), Rows::header().size());
  EXPECT_NE(text.find("x86_pkg_temp 101.5"), std::string::npos) << text;
  EXPECT_EQ(rows.row({}).size(), Rows::header().size());
}

TEST(Rows, RatesAreThoseSinceTheRowBefore) {
  Rows rows;
  rows.row(reading(1'000, 10'000, 0));
  const std::string text = rows.row(reading(1'500, 15'000, 1'000));
  EXPECT_NE(text.find(" 10.0 "), std::string::npos) << text;
  EXPECT_NE(text.find(" 2.0 "), std::string::npos) << text;
}

TEST(Rows, CountersOrClockThatGoBackGiveNoRate) {
  Rows rows;
  const std::string none = rows.row(reading(1'000, 10'000, 10'000));
  rows.row(reading(2'000, 20'000, 20'000));
  EXPECT_EQ(rows.row(reading(3'000, 5'000, 25'000)).substr(12), none.substr(12));
  EXPECT_EQ(rows.row(reading(2'500, 6'000, 26'000)).substr(12), none.substr(12));
}

TEST(Rows, BoardWithoutClockIsShownByItsUptime) {
  Rows rows;
  EXPECT_TRUE(rows.row(reading(12'340, 0, 0)).starts_with("+12.34 s"));
}

}  // namespace
}  // namespace view
