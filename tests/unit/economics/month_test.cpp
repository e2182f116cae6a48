#include "economics/month.hpp"

#include <gtest/gtest.h>

namespace holdfast::economics {
namespace {

using namespace std::chrono_literals;

Cost bytes(double up, double down = 0) {
  return {.bytes_up = up, .bytes_down = down, .packets_up = 1, .packets_down = 1};
}

TEST(Month, AReadingEach30SecondsMakes86400) {
  const Month month = month_of({.every = 30s}, {.message = bytes(200, 71)});
  EXPECT_EQ(month.readings, 86'400);
  EXPECT_EQ(month.messages, 86'400);
  EXPECT_EQ(month.connections, 0);  // each message has its own, in `message`
  EXPECT_EQ(month.all().bytes(), 86'400 * 271);
  EXPECT_EQ(month.bytes_per_reading(), 271);
}

TEST(Month, EachPartIsCountedByItself) {
  const Profile profile{.readings_per_message = 10,
                        .message = bytes(500),
                        .full_set_up = bytes(2'000),
                        .set_up = bytes(1'500),
                        .full_set_up_every = 24h * 7,
                        .lookup = bytes(200),
                        .closing = bytes(230),
                        .ping = bytes(104, 100),
                        .ping_every = 1h};
  const Month month = month_of({.every = 30s, .days = 28, .reconnects_per_day = 24}, profile);
  EXPECT_EQ(month.messages, 28 * 288);
  EXPECT_EQ(month.of_messages.bytes(), 28 * 288 * 500);
  EXPECT_EQ(month.connections, 1 + 28 * 24);
  EXPECT_EQ(month.full_set_ups, 1 + 4);
  EXPECT_EQ(month.of_set_ups.bytes(), 5 * 2'000 + (1 + 28 * 24 - 5) * 1'500);
  EXPECT_EQ(month.of_lookups.bytes(), (1 + 28 * 24) * 200);
  EXPECT_EQ(month.of_closings.bytes(), (1 + 28 * 24) * 230);
  EXPECT_EQ(month.pings, 28 * 24);
  EXPECT_EQ(month.of_pings.bytes(), 28 * 24 * 204);
  EXPECT_EQ(month.all().bytes(), month.of_messages.bytes() + month.of_set_ups.bytes() +
                                     month.of_lookups.bytes() + month.of_closings.bytes() +
                                     month.of_pings.bytes());
}

TEST(Month, ThereAreNoMoreFullSetUpsThanConnections) {
  const Profile profile{.message = bytes(1), .full_set_up = bytes(10), .full_set_up_every = 24h};
  const Month month = month_of({.days = 30, .reconnects_per_day = 0}, profile);
  EXPECT_EQ(month.connections, 1);
  EXPECT_EQ(month.full_set_ups, 1);
  EXPECT_EQ(month.of_set_ups.bytes(), 10);
}

}  // namespace
}  // namespace holdfast::economics
