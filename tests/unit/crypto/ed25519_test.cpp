#include "crypto/ed25519.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace holdfast::crypto {
namespace {

std::vector<std::uint8_t> from_hex(std::string_view text) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(
        static_cast<std::uint8_t>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

template <std::size_t size>
std::array<std::uint8_t, size> array_of(std::string_view hex) {
  const auto bytes = from_hex(hex);
  std::array<std::uint8_t, size> array{};
  std::copy_n(bytes.begin(), std::min(size, bytes.size()), array.begin());
  return array;
}

// RFC 8032 section 7.1, tests 1 to 3.
struct Vector {
  const char* key;
  const char* message;
  const char* signature;
};
constexpr Vector kVectors[] = {
    {"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
     "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
};

TEST(Ed25519, TakesTheVectorsOfTheRfcAndNoOtherSignature) {
  for (const Vector& vector : kVectors) {
    const auto key = array_of<32>(vector.key);
    const auto message = from_hex(vector.message);
    const auto signature = array_of<64>(vector.signature);
    EXPECT_TRUE(verify_ed25519(key, message, signature)) << vector.key;
    for (std::size_t byte = 0; byte < 64; ++byte) {
      auto flipped = signature;
      flipped[byte] ^= 1U;
      ASSERT_FALSE(verify_ed25519(key, message, flipped)) << byte;
    }
    auto longer = message;
    longer.push_back(0);
    EXPECT_FALSE(verify_ed25519(key, longer, signature));
    auto other = key;
    other[0] ^= 1U;
    EXPECT_FALSE(verify_ed25519(other, message, signature));
  }
}

TEST(Ed25519, TakesNothingFromAKeyOfZeros) {
  EXPECT_FALSE(verify_ed25519(PublicKey{}, {}, crypto::Signature{}));
}

TEST(Sha256, GivesTheDigestOfTheStandardsExample) {
  // FIPS 180-2 appendix B.1
  const std::string_view abc = "abc";
  EXPECT_EQ(sha256({reinterpret_cast<const std::uint8_t*>(abc.data()), abc.size()}),
            array_of<32>("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
}

}  // namespace
}  // namespace holdfast::crypto
