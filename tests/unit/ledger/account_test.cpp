#include "ledger/account.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace holdfast::ledger {
namespace {

using namespace std::chrono_literals;

WireBill wire_of(std::uint64_t carried_up, std::uint64_t carried_down) {
  WireBill wire;
  wire.up = {.segments = 4, .carried = carried_up, .headers = 208, .repeated = 120, .probes = 52};
  wire.down = {
      .segments = 3, .carried = carried_down, .headers = 156, .repeated = 78, .probes = 52};
  return wire;
}

Account carried() {
  Account account;
  account[Cause::handshake] = {300, 700};
  account[Cause::tickets] = {0, 500};
  account[Cause::keep_alive] = {2, 2};
  account[Cause::mqtt_control] = {40, 10};
  account[Cause::acknowledgements] = {0, 8};
  account[Cause::payload] = {200, 0};
  return account;
}

TEST(SettleTest, TheSumOfTheCausesIsWhatTheWireSays) {
  for (const std::uint64_t up : {0U, 100U, 541U, 542U, 543U, 5'000U}) {
    const WireBill wire = wire_of(up, 2 * up);
    const Account account = settle(wire, carried());
    EXPECT_EQ(account.ip_bytes().up, wire.up.total()) << up;
    EXPECT_EQ(account.ip_bytes().down, wire.down.total()) << up;
  }
}

TEST(SettleTest, WhatTcpCarriedBeyondMqttIsTheFramingOfTls) {
  const Account account = settle(wire_of(542 + 66, 1'220), carried());
  EXPECT_EQ(account[Cause::headers].up, 208U + 66);
  EXPECT_EQ(account[Cause::headers].down, 156U);
  EXPECT_EQ(account[Cause::payload].up, 200U);
  EXPECT_EQ(account[Cause::retransmission].up, 120U);
  EXPECT_EQ(account[Cause::keep_alive].up, 2U + 52);
  EXPECT_EQ(account.segments_up, 4U);
  EXPECT_EQ(account.segments_down, 3U);
}

TEST(SettleTest, WhatTheKernelHasNotSentIsTakenOffThePayloadFirst) {
  const Account account = settle(wire_of(542 - 210, 1'220), carried());
  EXPECT_EQ(account[Cause::payload].up, 0U);
  EXPECT_EQ(account[Cause::mqtt_control].up, 30U);
  EXPECT_EQ(account[Cause::handshake].up, 300U);
  EXPECT_EQ(account[Cause::headers].up, 208U);
}

TEST(SpentSinceTest, AddsUpToWhatIsSpentNow) {
  Account counted;
  Account now;
  now.connections = 1;
  now[Cause::payload] = {100, 5};
  EXPECT_EQ(spent_since(counted, now).ip_bytes().sum(), 105U);
  now[Cause::payload].up = 160;
  const Account spent = spent_since(counted, now);
  EXPECT_EQ(spent.connections, 0U);
  EXPECT_EQ(spent[Cause::payload].up, 60U);
  EXPECT_EQ(spent_since(counted, now).ip_bytes().sum(), 0U);
}

TEST(SpentSinceTest, ACauseThatShrankGivesNothingUntilItIsPastWhereItWas) {
  Account counted;
  Account now;
  now[Cause::headers].up = 100;
  spent_since(counted, now);
  now[Cause::headers].up = 90;
  EXPECT_EQ(spent_since(counted, now).ip_bytes().sum(), 0U);
  now[Cause::headers].up = 130;
  EXPECT_EQ(spent_since(counted, now)[Cause::headers].up, 30U);
}

// Two queries over IPv4 and UDP: 28 bytes of headers, 12 of DNS, the name with two bytes more, type
// and class. An answer repeats the question and has 16 bytes an address.
TEST(NameLookupTest, IsNotBelowWhatTheCLibrarySends) {
  const Account cost = name_lookup(18, 1, 0, 20ms);
  EXPECT_GE(cost[Cause::dns].up, 2U * 64);
  EXPECT_LE(cost[Cause::dns].up, 2U * 64 + 80);
  EXPECT_GE(cost[Cause::dns].down, 80U + 145);
  EXPECT_EQ(cost.ip_bytes().sum(), cost[Cause::dns].sum());
}

TEST(NameLookupTest, CountsAQueryAgainForEachThreeSecondsOfSilence) {
  const auto up = [](auto took) { return name_lookup(18, 0, 0, took)[Cause::dns].up; };
  EXPECT_EQ(up(2900ms), up(0ms));
  EXPECT_EQ(up(3s), 2 * up(0ms));
  EXPECT_EQ(up(30s), 11 * up(0ms));
}

TEST(NameLookupTest, GrowsWithEveryAddress) {
  const auto down = [](std::size_t ipv4, std::size_t ipv6) {
    return name_lookup(18, ipv4, ipv6, 0ms)[Cause::dns].down;
  };
  EXPECT_EQ(down(3, 0) - down(1, 0), 2U * 16);
  EXPECT_EQ(down(1, 2) - down(1, 0), 2U * 28);
}

}  // namespace
}  // namespace holdfast::ledger
