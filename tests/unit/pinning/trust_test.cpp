#include "pinning/trust.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "signed_sets.hpp"

namespace holdfast::pinning {
namespace {

using namespace std::chrono_literals;
using namespace test_sets;
using testing::HasSubstr;
using Result = Offer::Result;
using Role = TrustedKeys::Role;
using Numbers = std::vector<std::uint8_t>;

const Roots kRoots = roots(1, 2, {11, 12, 13});

BuiltIn built_in(std::uint64_t version = 1, std::vector<std::uint8_t> pins = {1, 2}) {
  return {.version = version, .pins = list(version, std::move(pins)).pins, .roots = kRoots};
}

std::vector<std::uint8_t> signed_set(const PinList& content) {
  return encode_document(document(content, {11, 12}));
}

class TrustTest : public testing::Test {
 protected:
  static Trust make(BuiltIn given = built_in()) { return {std::move(given), std::nullopt, check}; }
  // The device after a restart, with firmware that has `given` built in.
  static Trust restart(const Trust& before, BuiltIn given = built_in()) {
    std::string why;
    auto stored = decode_state(encode_state(before.state()), why);
    EXPECT_TRUE(stored) << why;
    return {std::move(given), std::move(stored), check};
  }
  static bool trusts(const Trust& trust, std::uint8_t number) {
    return trust.keys()->judge({pin(number)}).has_value();
  }
  // A connection is vouched for by this key.
  static void connect(Trust& trust, std::uint8_t number) {
    const auto match = trust.keys()->judge({pin(number)});
    ASSERT_TRUE(match);
    trust.verified(*match);
  }
};

TEST_F(TrustTest, BeginsWithWhatTheAppWasBuiltWith) {
  const Trust trust = make();
  EXPECT_TRUE(trusts(trust, 1));
  EXPECT_TRUE(trusts(trust, 2));
  EXPECT_FALSE(trusts(trust, 3));
  EXPECT_EQ(trust.version(), 1U);
  EXPECT_TRUE(trust.proven());
}

TEST_F(TrustTest, TakesASetThatTheLiveSessionProvesAtOnce) {
  Trust trust = make();
  trust.take_changed();
  const Offer offer = trust.offer(signed_set(list(2, {1, 3})), {pin(1)});
  EXPECT_EQ(offer.result, Result::accepted) << offer.detail;
  EXPECT_TRUE(offer.proven);
  EXPECT_FALSE(offer.ends_session);
  EXPECT_EQ(offer.spread, 0s);
  EXPECT_TRUE(trusts(trust, 1));
  EXPECT_TRUE(trusts(trust, 3));
  EXPECT_FALSE(trusts(trust, 2)) << "the old set is gone";
  EXPECT_TRUE(trust.take_changed());
  EXPECT_FALSE(trust.take_changed());
}

TEST_F(TrustTest, ProvesAnyOtherSetBeforeItIsTrustedAlone) {
  Trust trust = make();
  const Offer offer = trust.offer(signed_set(list(2, {3, 4})), {pin(1)});
  EXPECT_EQ(offer.result, Result::accepted) << offer.detail;
  EXPECT_FALSE(offer.proven);
  EXPECT_FALSE(offer.ends_session);
  EXPECT_EQ(offer.spread, 1h);
  EXPECT_EQ(trust.keys()->judge({pin(1)})->role, Role::fallback);
  connect(trust, 1);
  EXPECT_FALSE(trust.proven()) << "the fallback proves nothing";
  connect(trust, 4);
  EXPECT_TRUE(trust.proven());
  EXPECT_FALSE(trusts(trust, 1));
  EXPECT_TRUE(trusts(trust, 3));
}

TEST_F(TrustTest, WithoutALiveSessionASetHasToBeProven) {
  Trust trust = make();
  EXPECT_FALSE(trust.offer(signed_set(list(2, {1, 3})), {}).proven);
  EXPECT_TRUE(trusts(trust, 2));
}

TEST_F(TrustTest, ARevokedKeyEndsTheSessionThatRestsOnItAndIsNoFallback) {
  Trust trust = make();
  const Offer offer = trust.offer(signed_set(list(2, {3, 4}, {1})), {pin(1)});
  EXPECT_TRUE(offer.ends_session);
  EXPECT_FALSE(trusts(trust, 1));
  EXPECT_EQ(trust.keys()->judge({pin(2)})->role, Role::fallback);
}

TEST_F(TrustTest, AConnectionThatAlsoRestsOnARevokedKeyProvesNothing) {
  Trust trust = make();
  // The leaf is revoked; the authority above it is pinned.
  const Offer offer = trust.offer(signed_set(list(2, {7, 3}, {1})), {pin(1), pin(7)});
  EXPECT_TRUE(offer.ends_session);
  EXPECT_FALSE(offer.proven);
  EXPECT_FALSE(trust.keys()->judge({pin(1), pin(7)}));
  EXPECT_TRUE(trust.keys()->judge({pin(5), pin(7)}));
}

// A thief of key 1 keeps the device from reaching the new key, and waits for the next set.
TEST_F(TrustTest, ARevokedKeyStaysRevokedThoughALaterSetDoesNotRepeatIt) {
  Trust trust = make();
  trust.offer(signed_set(list(2, {3, 4}, {1})), {pin(1)});
  trust.offer(signed_set(list(3, {5, 6})), {});
  EXPECT_FALSE(trust.proven());
  EXPECT_FALSE(trusts(trust, 1));
  EXPECT_TRUE(trusts(trust, 2)) << "what is left of the last set that worked";
  EXPECT_FALSE(trusts(trust, 3)) << "version 2 never worked";
  EXPECT_FALSE(trusts(restart(trust), 1));
}

TEST_F(TrustTest, NothingLeftOfTheFallbackLeavesTheNewSetAlone) {
  Trust trust = make();
  trust.offer(signed_set(list(2, {3, 4}, {1, 2})), {pin(1)});
  EXPECT_FALSE(trust.proven());
  for (const std::uint8_t number : Numbers{1, 2}) EXPECT_FALSE(trusts(trust, number));
  for (const std::uint8_t number : Numbers{3, 4}) EXPECT_TRUE(trusts(trust, number));
}

TEST_F(TrustTest, VersionsOnlyGoUp) {
  Trust trust = make(built_in(5));
  EXPECT_EQ(trust.offer(signed_set(list(4, {1, 3})), {pin(1)}).result, Result::refused);
  const Offer older = trust.offer(signed_set(list(4, {1, 3})), {pin(1)});
  EXPECT_THAT(older.detail, HasSubstr("version 4"));
  EXPECT_THAT(older.detail, HasSubstr("version 5"));
  EXPECT_EQ(trust.offer(signed_set(list(9, {1, 3})), {pin(1)}).result, Result::accepted);
  EXPECT_EQ(trust.offer(signed_set(list(8, {1, 2})), {pin(1)}).result, Result::refused);
  EXPECT_TRUE(trusts(trust, 3));
}

TEST_F(TrustTest, TheFloorRisesWithAnUnprovenSetAsWell) {
  Trust trust = make();
  trust.offer(signed_set(list(9, {3, 4})), {});
  EXPECT_EQ(trust.offer(signed_set(list(8, {1, 2})), {pin(1)}).result, Result::refused);
  Trust again = restart(trust);
  EXPECT_EQ(again.offer(signed_set(list(8, {1, 2})), {pin(1)}).result, Result::refused);
}

TEST_F(TrustTest, TheSameSetAgainChangesNothingAndOtherContentIsRefused) {
  Trust trust = make();
  const auto set = signed_set(list(2, {1, 3}));
  trust.offer(set, {pin(1)});
  trust.take_changed();
  EXPECT_EQ(trust.offer(set, {pin(1)}).result, Result::unchanged);
  const Offer other = trust.offer(signed_set(list(2, {1, 4})), {pin(1)});
  EXPECT_EQ(other.result, Result::refused);
  EXPECT_THAT(other.detail, HasSubstr("other content"));
  EXPECT_FALSE(trust.take_changed());
}

TEST_F(TrustTest, TheSignedFormOfTheBuiltInSetIsTakenAndAnotherOfItsVersionIsNot) {
  Trust trust = make(built_in(2));
  EXPECT_EQ(trust.offer(signed_set(list(2, {1, 4})), {pin(1)}).result, Result::refused);
  EXPECT_EQ(trust.offer(signed_set(list(2, {2, 1})), {pin(1)}).result, Result::accepted);
}

TEST_F(TrustTest, AForgeryChangesNothing) {
  Trust trust = make();
  const Offer offer =
      trust.offer(encode_document(document(list(2, {3, 4}, {1, 2}), {11, 66})), {pin(1)});
  EXPECT_EQ(offer.result, Result::refused);
  EXPECT_FALSE(offer.ends_session);
  EXPECT_TRUE(trusts(trust, 1));
  EXPECT_EQ(trust.version(), 1U);
  EXPECT_EQ(trust.offer(std::vector<std::uint8_t>(100, 7), {}).result, Result::refused);
}

TEST_F(TrustTest, WithoutRootKeysNoSetIsTaken) {
  BuiltIn given = built_in();
  given.roots = {};
  Trust trust = make(given);
  const Offer offer = trust.offer(signed_set(list(2, {1, 3})), {pin(1)});
  EXPECT_EQ(offer.result, Result::refused);
  EXPECT_THAT(offer.detail, HasSubstr("root_keys"));
}

TEST_F(TrustTest, ASetOfOnePinIsTakenOnlyWhereTheAppSaidSo) {
  Trust strict = make();
  EXPECT_EQ(strict.offer(signed_set(list(2, {1})), {pin(1)}).result, Result::refused);
  BuiltIn given = built_in();
  given.pin_count = PinCount::one_is_enough;
  Trust lenient = make(given);
  EXPECT_EQ(lenient.offer(signed_set(list(2, {1})), {pin(1)}).result, Result::accepted);
}

// --- Firmware and what is kept -------------------------------------------------------------------

TEST_F(TrustTest, ANewerStoredSetOutlivesAFirmwareDowngradeAndAnEqualOne) {
  Trust trust = make(built_in(3));
  trust.offer(signed_set(list(5, {1, 7})), {pin(1)});
  for (const std::uint64_t version : {1U, 3U, 5U}) {
    const Trust again = restart(trust, built_in(version));
    EXPECT_EQ(again.version(), 5U);
    EXPECT_TRUE(trusts(again, 7));
    EXPECT_FALSE(trusts(again, 2)) << version;
  }
}

TEST_F(TrustTest, ANewerFirmwareWinsAndItsVersionStaysTheFloorAfterADowngrade) {
  Trust trust = make(built_in(3));
  trust.offer(signed_set(list(5, {1, 7})), {pin(1)});
  Trust upgraded = restart(trust, built_in(10, {8, 9}));
  EXPECT_EQ(upgraded.version(), 10U);
  EXPECT_TRUE(trusts(upgraded, 8));
  EXPECT_FALSE(trusts(upgraded, 7));
  EXPECT_TRUE(upgraded.take_changed());
  Trust downgraded = restart(upgraded, built_in(3));
  EXPECT_EQ(downgraded.version(), 10U);
  EXPECT_TRUE(trusts(downgraded, 9));
  EXPECT_FALSE(trusts(downgraded, 1));
  EXPECT_EQ(downgraded.offer(signed_set(list(7, {1, 2})), {}).result, Result::refused);
}

TEST_F(TrustTest, ANewerFirmwareKeepsRevocationsThatItDoesNotContradict) {
  Trust trust = make(built_in(3));
  trust.offer(signed_set(list(5, {1, 7}, {2, 8})), {pin(1)});
  const Trust upgraded = restart(trust, built_in(10, {8, 9}));
  EXPECT_FALSE(upgraded.keys()->judge({pin(2), pin(9)}))
      << "a leaf that was revoked, below a pinned key";
  EXPECT_TRUE(upgraded.keys()->judge({pin(8)})) << "the firmware pins it";
}

TEST_F(TrustTest, FirmwareThatDoesNotCountMayChangeItsPins) {
  Trust trust = make(built_in(0, {1, 2}));
  EXPECT_FALSE(trust.take_changed()) << "nothing to keep";
  EXPECT_TRUE(trusts(restart(trust, built_in(0, {3, 4})), 4));
  EXPECT_FALSE(trusts(restart(trust, built_in(0, {3, 4})), 1));
}

TEST_F(TrustTest, AFactoryResetBeginsWithTheFirmware) {
  Trust trust = make(built_in(1));
  trust.offer(signed_set(list(5, {1, 7}, {2})), {pin(1)});
  Trust reset = make(built_in(1));
  EXPECT_TRUE(trusts(reset, 2));
  EXPECT_EQ(reset.offer(signed_set(list(5, {1, 7}, {2})), {pin(1)}).result, Result::accepted);
  EXPECT_FALSE(trusts(reset, 2));
}

TEST_F(TrustTest, StoredRootChangesOutrankTheRootsOfAnOlderFirmware) {
  const Roots next = roots(2, 1, {21});
  PinList second = list(2, {1, 3});
  second.roots_version = 2;
  Trust trust = make();
  const auto set = encode_document(document(second, {21}, {signed_roots(next, {11, 12, 21})}));
  ASSERT_EQ(trust.offer(set, {pin(1)}).result, Result::accepted);
  Trust again = restart(trust);
  EXPECT_EQ(again.offer(signed_set(list(3, {1, 4})), {pin(1)}).result, Result::refused)
      << "the old roots sign nothing any more";
  PinList third = list(3, {1, 4});
  third.roots_version = 2;
  EXPECT_EQ(again.offer(encode_document(document(third, {21})), {pin(1)}).result, Result::accepted);
}

TEST_F(TrustTest, NewerRootsOfAFirmwareOutrankStoredOnes) {
  Trust trust = make();
  ASSERT_EQ(trust.offer(signed_set(list(2, {1, 3})), {pin(1)}).result, Result::accepted);
  BuiltIn given = built_in();
  given.roots = roots(2, 1, {21});
  Trust again = restart(trust, given);
  EXPECT_EQ(again.offer(signed_set(list(3, {1, 4})), {pin(1)}).result, Result::refused);
  PinList third = list(3, {1, 4});
  third.roots_version = 2;
  EXPECT_EQ(again.offer(encode_document(document(third, {21})), {pin(1)}).result, Result::accepted);
}

TEST_F(TrustTest, AnUnprovenSetAndItsFallbackOutliveARestart) {
  Trust trust = make();
  trust.offer(signed_set(list(2, {3, 4}, {2})), {});
  Trust again = restart(trust);
  EXPECT_FALSE(again.proven());
  EXPECT_EQ(again.keys()->judge({pin(1)})->role, Role::fallback);
  EXPECT_FALSE(trusts(again, 2));
  EXPECT_EQ(again.keys()->judge({pin(3)})->role, Role::current);
}

// --- Time ----------------------------------------------------------------------------------------

TEST_F(TrustTest, AnExpiredSetIsToldAndStillTrusted) {
  PinList content = list(2, {1, 3});
  content.issued = 1000;
  content.expires = 2000;
  Trust trust = make();
  trust.offer(signed_set(content), {pin(1)});
  EXPECT_FALSE(trust.expired());
  trust.raise_time_floor(2001);
  EXPECT_TRUE(trust.expired());
  EXPECT_TRUE(trusts(trust, 1));
  trust.raise_time_floor(1);
  EXPECT_TRUE(trust.expired()) << "the floor only rises";
}

TEST_F(TrustTest, AnExpiredSetTrustsNobodyWhereTheAppChoseThat) {
  BuiltIn given = built_in();
  given.expired = ExpiredPinSet::refuse;
  PinList content = list(2, {1, 3});
  content.expires = 2000;
  Trust trust = make(given);
  trust.raise_time_floor(1500);
  ASSERT_EQ(trust.offer(signed_set(content), {pin(1)}).result, Result::accepted);
  trust.raise_time_floor(2001);
  EXPECT_TRUE(trust.keys()->empty());
  PinList stale = list(3, {1, 4});
  stale.expires = 2000;
  EXPECT_EQ(trust.offer(signed_set(stale), {}).result, Result::refused);
  PinList fresh = list(4, {1, 4});
  fresh.expires = 9000;
  EXPECT_EQ(trust.offer(signed_set(fresh), {}).result, Result::accepted);
  EXPECT_FALSE(trust.keys()->empty());
}

TEST_F(TrustTest, ASignedSetRaisesTheFloor) {
  PinList content = list(2, {1, 3});
  content.issued = 1'700'000'000;
  Trust trust = make();
  trust.offer(signed_set(content), {pin(1)});
  EXPECT_EQ(trust.state().time_floor, 1'700'000'000U);
  EXPECT_EQ(restart(trust).state().time_floor, 1'700'000'000U);
}

TEST_F(TrustTest, TheFloorIsKeptAFewTimesADayOnly) {
  Trust trust = make();
  trust.take_changed();
  trust.raise_time_floor(1'700'000'000);
  EXPECT_TRUE(trust.take_changed());
  trust.raise_time_floor(1'700'000'060);
  EXPECT_FALSE(trust.take_changed());
  trust.raise_time_floor(1'700'000'000 + 6 * 3600);
  EXPECT_TRUE(trust.take_changed());
}

// --- Recovery ------------------------------------------------------------------------------------

TEST_F(TrustTest, CountsForHowLongEveryKeyWasRefusedAcrossRestarts) {
  const Instant start{};
  Trust trust = make();
  trust.refused(start);
  EXPECT_EQ(trust.refused_for(), 0s);
  trust.refused(start + 10min);
  EXPECT_EQ(trust.refused_for(), 10min);
  Trust again = restart(trust);
  again.refused(start + 100h);
  EXPECT_EQ(again.refused_for(), 10min) << "the time without power does not count";
  again.refused(start + 101h);
  EXPECT_EQ(again.refused_for(), 70min);
  connect(again, 1);
  EXPECT_EQ(again.refused_for(), 0s);
  EXPECT_TRUE(again.take_changed());
}

TEST_F(TrustTest, NamesTheCandidatesOfAppAndSetOnce) {
  BuiltIn given = built_in();
  given.candidates = {pin(30)};
  PinList content = list(2, {1, 3});
  content.candidates = {pin(30), pin(31)};
  Trust trust = make(given);
  trust.offer(signed_set(content), {pin(1)});
  EXPECT_EQ(trust.candidates(), (std::vector<Pin>{pin(30), pin(31)}));
  EXPECT_FALSE(trusts(trust, 30));
}

TEST(TrustState, IsRefusedInEveryTruncation) {
  Trust trust({.version = 1, .pins = {pin(1), pin(2)}, .roots = kRoots}, std::nullopt, check);
  trust.offer(signed_set(list(2, {3, 4})), {});
  const auto whole = encode_state(trust.state());
  std::string why;
  ASSERT_TRUE(decode_state(whole, why)) << why;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode_state(Bytes(whole).first(size), why)) << size;
  }
}

}  // namespace
}  // namespace holdfast::pinning
