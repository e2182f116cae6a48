#include "pinning/pin.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include <holdfast/error.hpp>
#include <holdfast/limits.hpp>

namespace holdfast::pinning {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// The digests of "a" and of "b", and one whose text begins with a slash.
const std::string kPin = "sha256/ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=";
const std::string kBackup = "sha256/PiPoFgOUWUos8k1CqUQgWsMx9d8nwiCu1XnTSEAWFJ0=";
const std::string kSlashPin = "sha256//ypeBEsobvcr6wjGzmiPcTaeG7gUfE5yuYB3ha/uSLs=";

std::string with_digest(std::string_view base64) {
  return "sha256/" + std::string(base64);
}

std::string reason_of(std::string_view text) {
  std::string reason;
  EXPECT_FALSE(parse_pin(text, reason)) << text;
  return reason;
}

// The ConfigError that a set of these pins ends in.
ConfigError refusal(const std::vector<std::string>& texts,
                    PinCount count = PinCount::at_least_two) {
  try {
    PinSet set(texts, count);
  } catch (const ConfigError& error) {
    return error;
  }
  ADD_FAILURE() << "the set was taken";
  return {"", "", ""};
}

std::vector<std::string> distinct_pins(std::size_t count) {
  std::vector<std::string> texts;
  Pin pin;
  for (std::size_t i = 0; i < count; ++i) {
    pin.digest[0] = static_cast<std::uint8_t>(i);
    texts.push_back(pin.text());
  }
  return texts;
}

TEST(Pin, IsReadFromWhatOpensslPrints) {
  std::string reason;
  const auto pin = parse_pin(kPin, reason);
  ASSERT_TRUE(pin) << reason;
  EXPECT_EQ(pin->digest[0], 0xCA);
  EXPECT_EQ(pin->digest[1], 0x97);
  EXPECT_EQ(pin->digest[31], 0xBB);
  EXPECT_EQ(pin->text(), kPin);
}

TEST(Pin, SurvivesTheRoundTripOverItsText) {
  std::mt19937 engine(1);
  for (int i = 0; i < 2'000; ++i) {
    Pin pin;
    for (auto& byte : pin.digest) byte = static_cast<std::uint8_t>(engine());
    std::string reason;
    ASSERT_EQ(parse_pin(pin.text(), reason), pin) << reason;
    ASSERT_EQ(pin.text().size(), 51U);
  }
}

TEST(Pin, MayHaveTwoSlashesAsCurlWritesIt) {
  std::string reason;
  EXPECT_EQ(parse_pin("sha256//" + kPin.substr(7), reason), parse_pin(kPin, reason));
}

TEST(Pin, MayHaveADigestThatBeginsWithASlash) {
  std::string reason;
  const auto plain = parse_pin(kSlashPin, reason);
  ASSERT_TRUE(plain) << reason;
  EXPECT_EQ(plain->digest[0], 0xFF);  // / is 63, y is 50: 111111 11…
  EXPECT_EQ(plain->text(), kSlashPin);
  EXPECT_EQ(parse_pin("sha256//" + kSlashPin.substr(7), reason), plain);
}

TEST(Pin, RefusesEmptyText) {
  EXPECT_THAT(reason_of(""), HasSubstr("empty"));
}

TEST(Pin, RefusesSha1) {
  EXPECT_THAT(reason_of("sha1/2jmj7l5rSw0yVb/vlWAYkK/YBwk="), HasSubstr("SHA-1"));
}

TEST(Pin, RefusesOtherPrefixes) {
  for (const std::string prefix :
       {"", "sha256:", "SHA256/", "sha512/", "pin-sha256=", "sha256", "/"}) {
    EXPECT_THAT(reason_of(prefix + kPin.substr(7)), HasSubstr("sha256/")) << prefix;
  }
}

TEST(Pin, RefusesAShortDigest) {
  EXPECT_THAT(reason_of(with_digest("2jmj7l5rSw0yVb/vlWAYkK/YBwk=")), HasSubstr("44"));
  EXPECT_THAT(reason_of("sha256/"), HasSubstr("44"));
  EXPECT_THAT(reason_of("sha256//"), HasSubstr("44"));
}

TEST(Pin, RefusesALongDigest) {
  EXPECT_THAT(reason_of(kPin + kPin.substr(7)), HasSubstr("44"));
  EXPECT_THAT(reason_of("sha256///" + kPin.substr(7)), HasSubstr("44"));
}

TEST(Pin, RefusesHexadecimal) {
  EXPECT_FALSE(
      reason_of("sha256/ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb").empty());
}

TEST(Pin, RefusesUrlSafeBase64) {
  std::string text = kPin;
  text[text.find("/gU")] = '_';
  EXPECT_THAT(reason_of(text), HasSubstr("url-safe"));
  text = kPin;
  text[10] = '-';
  EXPECT_THAT(reason_of(text), HasSubstr("url-safe"));
}

TEST(Pin, RefusesMissingPadding) {
  EXPECT_THAT(reason_of(kPin.substr(0, kPin.size() - 1)), HasSubstr("padding"));
  EXPECT_FALSE(reason_of(kSlashPin.substr(0, kSlashPin.size() - 1)).empty());
}

TEST(Pin, RefusesDoublePadding) {
  std::string text = kPin;
  text[text.size() - 2] = '=';
  EXPECT_FALSE(reason_of(text).empty());
  EXPECT_FALSE(reason_of(kPin + "=").empty());
}

TEST(Pin, RefusesWhiteSpaceAnywhere) {
  for (const char* space : {" ", "\t", "\n", "\r\n"}) {
    EXPECT_THAT(reason_of(space + kPin), HasSubstr("white space"));
    EXPECT_THAT(reason_of(kPin + space), HasSubstr("white space"));
    EXPECT_THAT(reason_of("sha256/" + (space + kPin.substr(7))), HasSubstr("white space"));
  }
}

TEST(Pin, RefusesTrailingBitsThatAreNotZero) {
  // 's' is 44, its last two bits are zero; 't', 'u' and 'v' would mean the same digest.
  for (const char last : {'t', 'u', 'v'}) {
    std::string text = kPin;
    text[text.size() - 2] = last;
    EXPECT_THAT(reason_of(text), HasSubstr("impossible")) << last;
  }
}

TEST(Pin, RefusesEveryCharacterOutsideTheAlphabetAtEveryPlace) {
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (int c = 0; c < 256; ++c) {
    if (alphabet.find(static_cast<char>(c)) != std::string::npos) continue;
    for (std::size_t at = 7; at + 1 < kPin.size(); ++at) {
      std::string text = kPin;
      text[at] = static_cast<char>(c);
      std::string reason;
      ASSERT_FALSE(parse_pin(text, reason)) << "character " << c << " at " << at;
    }
  }
}

TEST(PinSet, TakesTheKeyInServiceAndItsBackup) {
  const PinSet set({kPin, kBackup}, PinCount::at_least_two);
  EXPECT_EQ(set.pins().size(), 2U);
}

TEST(PinSet, RefusesToBeEmpty) {
  const auto error = refusal({});
  EXPECT_EQ(error.field(), "pins");
  EXPECT_THAT(error.mend(), HasSubstr("openssl"));
  EXPECT_EQ(refusal({}, PinCount::one_is_enough).field(), "pins");
}

TEST(PinSet, RefusesOnePinAloneUnlessTold) {
  const auto error = refusal({kPin});
  EXPECT_EQ(error.field(), "pins");
  EXPECT_THAT(error.mend(), HasSubstr("one_is_enough"));
  EXPECT_EQ(PinSet({kPin}, PinCount::one_is_enough).pins().size(), 1U);
}

TEST(PinSet, RefusesADuplicate) {
  const auto error = refusal({kPin, kPin});
  EXPECT_EQ(error.field(), "pins[1]");
  EXPECT_EQ(error.value(), kPin);
  EXPECT_THAT(error.mend(), HasSubstr("backup"));
}

TEST(PinSet, RefusesADuplicateInTheOtherSpelling) {
  EXPECT_EQ(refusal({kPin, kBackup, "sha256//" + kPin.substr(7)}).field(), "pins[2]");
}

TEST(PinSet, NamesThePinThatIsWrong) {
  const auto error = refusal({kPin, "sha1/2jmj7l5rSw0yVb/vlWAYkK/YBwk="});
  EXPECT_EQ(error.field(), "pins[1]");
  EXPECT_THAT(error.mend(), HasSubstr("SHA-1"));
  EXPECT_THAT(error.what(), StartsWith("pins[1] = \"sha1/"));
  EXPECT_EQ(refusal({"", kPin}).field(), "pins[0]");
}

TEST(PinSet, TakesSixteenPinsAndRefusesSeventeen) {
  EXPECT_EQ(PinSet(distinct_pins(16), PinCount::at_least_two).pins().size(), limits::kMaxPins);
  const auto error = refusal(distinct_pins(17));
  EXPECT_EQ(error.field(), "pins");
  EXPECT_EQ(error.value(), "17 pins");
}

}  // namespace
}  // namespace holdfast::pinning
