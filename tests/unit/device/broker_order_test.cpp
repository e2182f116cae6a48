#include "device/broker_order.hpp"

#include <gtest/gtest.h>

namespace holdfast::device {
namespace {

using namespace std::chrono_literals;
using Order = std::vector<std::size_t>;

constexpr Instant kStart = Instant(1'000h);

TEST(BrokerOrder, BeginsWithTheFirst) {
  BrokerOrder order(3);
  EXPECT_EQ(order.next(kStart), (Order{0, 1, 2}));
  order.worked(0, kStart);
  EXPECT_EQ(order.next(kStart + 24h), (Order{0, 1, 2}));
}

TEST(BrokerOrder, PrefersTheOneThatWorkedForAWhile) {
  BrokerOrder order(3);
  order.worked(2, kStart);
  EXPECT_EQ(order.next(kStart + limits::kFallbackPreference - 1s), (Order{2, 0, 1}));
  EXPECT_EQ(order.next(kStart + limits::kFallbackPreference), (Order{0, 1, 2}));
}

TEST(BrokerOrder, ComesHomeHoweverOftenTheConnectionIsMade) {
  BrokerOrder order(2);
  for (auto time = 0min; time < limits::kFallbackPreference; time += 10min) {
    order.worked(1, kStart + time);
  }
  EXPECT_EQ(order.next(kStart + limits::kFallbackPreference), (Order{0, 1}));
}

TEST(BrokerOrder, GoesOnAfterABrokerThatLetsNobodyIn) {
  BrokerOrder order(3);
  order.let_down(0);
  EXPECT_EQ(order.next(kStart), (Order{1, 0, 2}));
  order.let_down(1);
  EXPECT_EQ(order.next(kStart), (Order{2, 0, 1}));
  order.let_down(2);
  EXPECT_EQ(order.next(kStart), (Order{0, 1, 2}));
}

// Its turn came because another one let the device down: from then on it is preferred like any.
TEST(BrokerOrder, PrefersTheOneThatWorkedAfterAnotherLetTheDeviceDown) {
  BrokerOrder order(2);
  order.let_down(0);
  order.worked(1, kStart);
  EXPECT_EQ(order.next(kStart + 1min), (Order{1, 0}));
  EXPECT_EQ(order.next(kStart + limits::kFallbackPreference), (Order{0, 1}));
}

TEST(BrokerOrder, BeginsAnewWhenItIsTold) {
  BrokerOrder order(2);
  order.worked(1, kStart);
  order.begin_with_first();
  EXPECT_EQ(order.next(kStart), (Order{0, 1}));
}

TEST(BrokerOrder, OfOneBrokerIsAlwaysTheSame) {
  BrokerOrder order(1);
  order.let_down(0);
  EXPECT_EQ(order.next(kStart), Order{0});
}

}  // namespace
}  // namespace holdfast::device
