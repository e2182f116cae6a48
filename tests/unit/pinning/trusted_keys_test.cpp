#include "pinning/trusted_keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::pinning {
namespace {

using testing::HasSubstr;
using testing::Not;

Pin pin_number(std::uint8_t number) {
  Pin pin;
  pin.digest.fill(number);
  return pin;
}

std::vector<Pin> pins_from(std::uint8_t first, std::uint8_t last) {
  std::vector<Pin> pins;
  for (std::uint8_t n = first; n <= last; ++n) pins.push_back(pin_number(n));
  return pins;
}

TEST(TrustedKeys, MatchesEachOfItsPinsAndNoOther) {
  const TrustedKeys keys(1, pins_from(1, 16));
  for (const Pin& pin : keys.pins()) {
    const auto match = keys.match(pin);
    ASSERT_TRUE(match);
    EXPECT_EQ(match->pin, pin);
    EXPECT_EQ(match->role, TrustedKeys::Role::current);
    for (std::size_t byte = 0; byte < kDigestBytes; ++byte) {
      for (int bit = 0; bit < 8; ++bit) {
        Pin other = pin;
        other.digest[byte] = static_cast<std::uint8_t>(other.digest[byte] ^ (1U << bit));
        ASSERT_FALSE(keys.match(other)) << "byte " << byte << ", bit " << bit;
      }
    }
  }
}

TEST(TrustedKeys, TellsTheFallbackFromTheCurrentSetAndPrefersTheLatter) {
  const TrustedKeys keys(7, pins_from(1, 2), pins_from(2, 3));
  EXPECT_EQ(keys.match(pin_number(1))->role, TrustedKeys::Role::current);
  EXPECT_EQ(keys.match(pin_number(2))->role, TrustedKeys::Role::current);
  EXPECT_EQ(keys.match(pin_number(3))->role, TrustedKeys::Role::fallback);
  EXPECT_FALSE(keys.match(pin_number(4)));
}

TEST(TrustedKeys, TrustsNobodyWhenEmpty) {
  const TrustedKeys keys;
  EXPECT_TRUE(keys.empty());
  EXPECT_FALSE(keys.match(Pin{}));
  EXPECT_EQ(keys.text(), "none");
}

TEST(TrustedKeys, NamesPinsVersionAndFallback) {
  const TrustedKeys keys(7, pins_from(1, 1), pins_from(2, 2));
  EXPECT_THAT(keys.text(), HasSubstr(pin_number(1).text() + " (version 7 of the pin set)"));
  EXPECT_THAT(keys.text(), HasSubstr(pin_number(2).text()));
  EXPECT_THAT(TrustedKeys(0, pins_from(1, 1)).text(), Not(HasSubstr("version")));
}

TEST(TrustedKeys, JudgesABrokerWithPinsOfItsOwnByThoseAlone) {
  const TrustedKeys own =
      TrustedKeys(7, pins_from(1, 2), pins_from(3, 3)).with_pins(pins_from(9, 9));
  EXPECT_TRUE(own.judge(pins_from(9, 9)));
  for (std::uint8_t n = 1; n <= 3; ++n) EXPECT_FALSE(own.judge({pin_number(n)}));
  EXPECT_EQ(own.version(), 0U);
}

TEST(TrustedKeys, TrustsARevokedKeyNowhere) {
  const TrustedKeys set(7, pins_from(1, 2), {}, pins_from(8, 8));
  EXPECT_FALSE(set.with_pins(pins_from(8, 9)).judge({pin_number(8)}));
  EXPECT_TRUE(set.with_pins(pins_from(8, 9)).judge({pin_number(9)}));
  EXPECT_FALSE(set.with_pins(pins_from(8, 9)).judge({pin_number(9), pin_number(8)}));
  EXPECT_TRUE(set.with_pins(pins_from(8, 8)).empty());
}

}  // namespace
}  // namespace holdfast::pinning
