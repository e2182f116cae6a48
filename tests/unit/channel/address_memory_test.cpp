#include "channel/address_memory.hpp"

#include <gtest/gtest.h>

#include <string>

namespace holdfast::channel {
namespace {

using namespace std::chrono_literals;
using asio::ip::tcp;

constexpr Instant kStart = Instant(1'000h);

tcp::endpoint at(const std::string& address) {
  return {asio::ip::make_address(address), 8883};
}

const tcp::endpoint kOld = at("192.0.2.1");
const tcp::endpoint kNew = at("192.0.2.2");
const tcp::endpoint kOther = at("2001:db8::3");

TEST(AddressMemory, KnowsNothingAtFirst) {
  const AddressMemory memory(24h);
  EXPECT_FALSE(memory.last());
  EXPECT_FALSE(memory.is_fresh(kStart));
}

TEST(AddressMemory, UsesTheAddressThatWorkedUntilItIsOld) {
  AddressMemory memory(24h);
  memory.take_answer({kNew, kOld}, kStart);
  memory.worked(kOld);
  EXPECT_EQ(memory.last(), kOld);
  EXPECT_TRUE(memory.is_fresh(kStart + 24h - 1s));
  EXPECT_FALSE(memory.is_fresh(kStart + 24h));
  EXPECT_EQ(memory.last(), kOld) << "old, but known: for the day on which no name server answers";
}

TEST(AddressMemory, CountsAnAddressesAgeFromTheAnswerAndNotFromItsUse) {
  AddressMemory memory(24h);
  memory.take_answer({kOld}, kStart);
  for (int i = 0; i < 3; ++i) memory.worked(kOld);
  EXPECT_FALSE(memory.is_fresh(kStart + 24h));
}

TEST(AddressMemory, AsksEachTimeWhereItIsTold) {
  AddressMemory memory(0s);
  memory.take_answer({kOld}, kStart);
  memory.worked(kOld);
  EXPECT_FALSE(memory.is_fresh(kStart));
}

TEST(AddressMemory, TriesTheAddressThatWorkedFirst) {
  AddressMemory memory(24h);
  memory.take_answer({kOld}, kStart);
  memory.worked(kOld);
  EXPECT_EQ(memory.take_answer({kNew, kOther, kOld}, kStart + 48h),
            (Endpoints{kOld, kNew, kOther}));
  EXPECT_TRUE(memory.is_fresh(kStart + 49h));
}

TEST(AddressMemory, TriesAnAddressThatIsNamedNoMoreLast) {
  AddressMemory memory(24h);
  memory.take_answer({kOld}, kStart);
  memory.worked(kOld);
  EXPECT_EQ(memory.take_answer({kNew, kOther}, kStart + 1h), (Endpoints{kNew, kOther, kOld}));
  EXPECT_FALSE(memory.is_fresh(kStart + 1h)) << "the operator has moved the broker";
  memory.worked(kNew);
  EXPECT_EQ(memory.last(), kNew);
  EXPECT_TRUE(memory.is_fresh(kStart + 2h));
}

TEST(AddressMemory, DoesNotTakeAnAddressForFreshThatWorksThoughItIsNamedNoMore) {
  AddressMemory memory(24h);
  memory.take_answer({kOld}, kStart);
  memory.worked(kOld);
  memory.take_answer({kNew}, kStart + 1h);
  memory.worked(kOld);
  EXPECT_EQ(memory.last(), kOld);
  EXPECT_FALSE(memory.is_fresh(kStart + 1h));
}

TEST(AddressMemory, TriesNoMoreThanItsMost) {
  AddressMemory memory(24h);
  memory.take_answer({kOld}, kStart);
  memory.worked(kOld);
  Endpoints many;
  for (int i = 1; i <= 40; ++i) many.push_back(at("198.51.100." + std::to_string(i)));
  const Endpoints order = memory.take_answer(many, kStart);
  EXPECT_EQ(order.size(), AddressMemory::kMaxAddresses);
  EXPECT_EQ(order.back(), kOld);
}

TEST(AddressMemory, GoesOnWithWhatAnEarlierProcessHasFound) {
  AddressMemory memory(24h);
  memory.restore(kOld, 23h, kStart);
  EXPECT_EQ(memory.last(), kOld);
  EXPECT_EQ(memory.age(kStart), 23h);
  EXPECT_TRUE(memory.is_fresh(kStart + 1h - 1s));
  EXPECT_FALSE(memory.is_fresh(kStart + 1h)) << "a restart makes no address younger";
  memory.worked(kOld);
  EXPECT_FALSE(memory.is_fresh(kStart + 1h));
}

TEST(AddressMemory, AsksFirstWhereNobodyKnowsHowOldTheAddressIs) {
  AddressMemory memory(24h);
  memory.restore(kOld, std::nullopt, kStart);
  EXPECT_EQ(memory.last(), kOld) << "for the day on which no name server answers";
  EXPECT_FALSE(memory.is_fresh(kStart));
  EXPECT_FALSE(memory.age(kStart));
}

}  // namespace
}  // namespace holdfast::channel
