#include "pinning/document.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "signed_sets.hpp"

namespace holdfast::pinning {
namespace {

using namespace test_sets;
using testing::HasSubstr;
using testing::IsEmpty;

// Two of three root keys sign; generation 2 replaces key 13 by 14, generation 3 all of them.
const Roots kFirst = roots(1, 2, {11, 12, 13});
const Roots kSecond = roots(2, 2, {11, 12, 14});
const Roots kThird = roots(3, 1, {21, 22});

std::vector<SignedRoots> history() {
  return {signed_roots(kFirst, {11, 12}), signed_roots(kSecond, {11, 12, 14}),
          signed_roots(kThird, {12, 14, 21})};
}

class DocumentTest : public testing::Test {
 protected:
  bool accepts(const Document& given, const Roots& known) {
    const auto bytes = encode_document(given);
    const auto read = read_document(bytes, why);
    if (!read) return false;
    newest = verify_document(*read, known, check, why);
    return newest.has_value();
  }
  PinList third_list() {
    PinList result = list(9, {1, 2});
    result.roots_version = 3;
    return result;
  }

  std::string why;
  std::optional<Roots> newest;
};

TEST_F(DocumentTest, IsReadAsItWasWritten) {
  PinList written = list(7, {1, 2, 3}, {4});
  written.issued = 1'700'000'000;
  written.expires = 1'800'000'000;
  written.spread = std::chrono::seconds(60);
  written.candidates = {pin(5)};
  const auto bytes = encode_document(document(written, {11}, history()));
  const auto read = read_document(bytes, why);
  ASSERT_TRUE(read) << why;
  EXPECT_EQ(read->list.version, 7U);
  EXPECT_EQ(read->list.issued, written.issued);
  EXPECT_EQ(read->list.expires, written.expires);
  EXPECT_EQ(read->list.spread, written.spread);
  EXPECT_EQ(read->list.pins, written.pins);
  EXPECT_EQ(read->list.revoked, written.revoked);
  EXPECT_EQ(read->list.candidates, written.candidates);
  ASSERT_EQ(read->signatures.size(), 1U);
  EXPECT_EQ(read->signatures[0].key, root_key(11));
  ASSERT_EQ(read->roots.size(), 3U);
  EXPECT_EQ(read->roots[1].roots.keys, kSecond.keys);
  EXPECT_EQ(read->roots[1].roots.threshold, 2U);
  EXPECT_EQ(read->roots[1].signatures.size(), 3U);
}

TEST_F(DocumentTest, IsTakenWithEnoughSignatures) {
  EXPECT_TRUE(accepts(document(list(1, {1, 2}), {11, 13}), kFirst)) << why;
  EXPECT_TRUE(accepts(document(list(1, {1, 2}), {11, 12, 13}), kFirst)) << why;
}

TEST_F(DocumentTest, IsRefusedBelowTheThreshold) {
  EXPECT_FALSE(accepts(document(list(1, {1, 2}), {11}), kFirst));
  EXPECT_THAT(why, HasSubstr("1 of the 2"));
  EXPECT_FALSE(accepts(document(list(1, {1, 2}), {}), kFirst));
}

TEST_F(DocumentTest, CountsAKeyOnce) {
  EXPECT_FALSE(accepts(document(list(1, {1, 2}), {11, 11, 11}), kFirst));
  EXPECT_THAT(why, HasSubstr("1 of the 2"));
}

TEST_F(DocumentTest, DoesNotCountStrangers) {
  EXPECT_FALSE(accepts(document(list(1, {1, 2}), {11, 99}), kFirst));
}

TEST_F(DocumentTest, DoesNotCountASignatureOverOtherBytes) {
  Document forged = document(list(1, {1, 2}), {11, 12});
  forged.list = list(1, {1, 3});
  forged.content = encode_pins(forged.list);
  EXPECT_FALSE(accepts(forged, kFirst));
  EXPECT_THAT(why, HasSubstr("0 of the 2"));
}

TEST_F(DocumentTest, DoesNotTakeASignatureOfAnotherKind) {
  Document crossed = document(list(1, {1, 2}), {});
  for (const std::uint8_t signer : std::vector<std::uint8_t>{11, 12}) {
    crossed.signatures.push_back(sign(root_key(signer), kRootsLabel, crossed.content));
  }
  EXPECT_FALSE(accepts(crossed, kFirst));
}

TEST_F(DocumentTest, NotesEveryFlippedBitOfASignature) {
  for (std::size_t byte = 0; byte < 64; ++byte) {
    Document given = document(list(1, {1, 2}), {11, 12});
    given.signatures[1].value[byte] ^= 1U;
    ASSERT_FALSE(accepts(given, kFirst)) << byte;
  }
}

TEST_F(DocumentTest, IsFollowedFromAnyEarlierRoots) {
  const Document given = document(third_list(), {21}, history());
  for (const Roots& known : {kFirst, kSecond, kThird}) {
    EXPECT_TRUE(accepts(given, known)) << known.version << ": " << why;
    ASSERT_TRUE(newest);
    EXPECT_EQ(newest->version, 3U);
    EXPECT_EQ(newest->keys, kThird.keys);
  }
}

TEST_F(DocumentTest, MayLeaveOutRootsThatADeviceHas) {
  auto changes = history();
  changes.erase(changes.begin());
  EXPECT_TRUE(accepts(document(third_list(), {22}, changes), kFirst)) << why;
}

TEST_F(DocumentTest, IsRefusedWhenARootChangeIsMissing) {
  auto changes = history();
  changes.erase(changes.begin() + 1);
  EXPECT_FALSE(accepts(document(third_list(), {21}, changes), kFirst));
  EXPECT_THAT(why, HasSubstr("missing"));
  EXPECT_TRUE(accepts(document(third_list(), {21}, changes), kThird)) << why;
}

TEST_F(DocumentTest, ARootChangeNeedsTheOldKeysAndTheNew) {
  PinList second = list(2, {1, 2});
  second.roots_version = 2;
  // 11 and 12 are in both generations: they meet both thresholds.
  EXPECT_TRUE(accepts(document(second, {11, 14}, {signed_roots(kSecond, {11, 12})}), kFirst))
      << why;
  for (const std::vector<std::uint8_t>& signers :
       std::vector<std::vector<std::uint8_t>>{{11}, {11, 13}, {12, 14}, {14}, {}, {11, 11}}) {
    EXPECT_FALSE(accepts(document(second, {11, 12}, {signed_roots(kSecond, signers)}), kFirst))
        << signers.size();
    EXPECT_THAT(why, HasSubstr("version 2 of the root keys is signed by"));
  }
}

TEST_F(DocumentTest, IsNotTakenFromTheOldRootsOnceTheyAreReplaced) {
  EXPECT_FALSE(accepts(document(third_list(), {11, 12}, history()), kFirst));
  EXPECT_FALSE(
      accepts(document(list(10, {1, 2}), {11, 12}, {signed_roots(kFirst, {11, 12})}), kThird));
  EXPECT_THAT(why, HasSubstr("version 1"));
}

TEST_F(DocumentTest, IsRefusedWithOtherRootsUnderOurNumber) {
  const Roots fork = roots(1, 1, {66});
  EXPECT_FALSE(accepts(document(list(1, {1, 2}), {66}, {signed_roots(fork, {66})}), kFirst));
  EXPECT_THAT(why, HasSubstr("not ours"));
  const Roots weaker = roots(1, 1, {11, 12, 13});
  EXPECT_FALSE(accepts(document(list(1, {1, 2}), {11}, {signed_roots(weaker, {11})}), kFirst));
}

TEST_F(DocumentTest, IsRefusedWhereItContradictsItself) {
  const auto refused = [this](const PinList& given) {
    return !read_document(encode_document(document(given, {11, 12})), why);
  };
  EXPECT_TRUE(refused(list(0, {1, 2})));
  EXPECT_THAT(why, HasSubstr("no version"));
  EXPECT_TRUE(refused(list(1, {})));
  EXPECT_THAT(why, HasSubstr("no pins"));
  EXPECT_TRUE(refused(list(1, {1, 1})));
  EXPECT_THAT(why, HasSubstr("twice"));
  EXPECT_TRUE(refused(list(1, {1, 2}, {2})));
  EXPECT_THAT(why, HasSubstr(pin(2).text()));
  EXPECT_TRUE(refused(list(1, {1, 2}, {3, 3})));
  PinList slow = list(1, {1, 2});
  slow.spread = limits::kMaxSpread + std::chrono::seconds(1);
  EXPECT_TRUE(refused(slow));
  std::vector<std::uint8_t> many(limits::kMaxPins + 1);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = static_cast<std::uint8_t>(i + 1);
  EXPECT_TRUE(refused(list(1, many)));
}

TEST_F(DocumentTest, IsRefusedWithRootsThatCannotWork) {
  for (const Roots& bad : {roots(2, 0, {11}), roots(2, 2, {11}), roots(2, 1, {}),
                           roots(2, 1, {11, 11}), roots(0, 1, {11})}) {
    EXPECT_FALSE(read_document(
        encode_document(document(list(1, {1, 2}), {11}, {signed_roots(bad, {11})})), why));
    EXPECT_THAT(why, testing::Not(IsEmpty()));
  }
}

TEST_F(DocumentTest, IsRefusedInEveryTruncation) {
  const auto whole = encode_document(document(third_list(), {21}, history()));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto read = read_document(Bytes(whole).first(size), why);
    EXPECT_FALSE(read && verify_document(*read, kFirst, check, why)) << size;
  }
}

TEST_F(DocumentTest, NoSingleFlippedBitMakesAnotherSetOfIt) {
  const Document honest = document(third_list(), {21}, history());
  const auto whole = encode_document(honest);
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    auto flipped = whole;
    flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ (1U << (bit % 8)));
    const auto read = read_document(flipped, why);
    if (!read || !verify_document(*read, kFirst, check, why)) continue;
    EXPECT_EQ(read->content, honest.content) << "bit " << bit;
  }
}

TEST_F(DocumentTest, IsRefusedWhenTooLong) {
  EXPECT_FALSE(read_document(std::vector<std::uint8_t>(limits::kMaxPinSetBytes + 1), why));
  EXPECT_THAT(why, HasSubstr("at most"));
}

TEST(RootKeyText, IsReadBackAndNothingElseIs) {
  std::string why;
  const RootKey key = root_key(200);
  EXPECT_EQ(parse_root_key(key.text(), why), key);
  for (const char* bad :
       {"", "ed25519/", "ed25519/AAAA", "sha256/yMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMg="}) {
    EXPECT_FALSE(parse_root_key(bad, why)) << bad;
    EXPECT_THAT(why, testing::Not(IsEmpty()));
  }
}

}  // namespace
}  // namespace holdfast::pinning
