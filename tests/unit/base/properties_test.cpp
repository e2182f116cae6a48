// What a message carries besides its payload: encoded once, and taken from the disk only as it was
// encoded.

#include "base/properties.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include <holdfast/message.hpp>

namespace holdfast {
namespace {

using namespace std::string_literals;

std::string text(std::span<const std::byte> bytes) {
  return std::string(as_text(bytes));
}

TEST(Properties, AreNothingWhereNothingIsTold) {
  const Properties none{Properties::Values{}};
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.size(), 0U);
  EXPECT_EQ(sizeof(Properties), sizeof(void*));
}

TEST(Properties, AreEncodedAsMqttHasThem) {
  const Properties all({"text/plain", "r/1", as_payload("\x01\x02")});
  EXPECT_EQ(text(all.bytes()), "\x03\x00\x0Atext/plain\x08\x00\x03r/1\x09\x00\x02\x01\x02"s);
}

TEST(Properties, AreReadAsTheyWereWritten) {
  const std::string data(65'535, 'x');
  for (const Properties& written :
       {Properties({"a", "", {}}), Properties({"", "b", {}}),
        Properties({"", "", as_payload(data)}), Properties({"a", "b", as_payload("c")})}) {
    const auto read = Properties::parse(written.bytes());
    ASSERT_TRUE(read);
    EXPECT_TRUE(std::ranges::equal(read->bytes(), written.bytes()));
    EXPECT_EQ(read->values().content_type, written.values().content_type);
    EXPECT_EQ(read->values().response_topic, written.values().response_topic);
    EXPECT_EQ(text(read->values().correlation_data), text(written.values().correlation_data));
  }
}

TEST(Properties, ACopyIsItsOwn) {
  Properties copy;
  {
    const Properties original({"a", "b", as_payload("c")});
    copy = original;
    EXPECT_NE(copy.bytes().data(), original.bytes().data());
  }
  EXPECT_EQ(copy.values().response_topic, "b");
  copy = Properties();
  EXPECT_TRUE(copy.empty());
}

TEST(Properties, WhatIsDamagedIsNotTaken) {
  for (const std::string& bytes :
       {"\x03"s, "\x03\x00\x01"s, "\x03\x00\x00"s, "\x03\x00\x02"s + "a", "\x03\x00\x01"s + "ab",
        "\x01\x00\x01"s + "a", "\x08\x00\x01r\x03\x00\x01t"s, "\x03\x00\x01t\x03\x00\x01t"s,
        "\x26\x00\x01"s + "a"}) {
    EXPECT_FALSE(Properties::parse(as_payload(bytes)));
  }
  EXPECT_TRUE(Properties::parse({})->empty());
}

TEST(Properties, EveryPrefixOfGoodOnesIsRefusedOrShorter) {
  const Properties all({"text/plain", "r/1", as_payload("id")});
  std::size_t taken = 0;
  for (std::size_t size = 0; size < all.size(); ++size) {
    if (Properties::parse(all.bytes().first(size))) ++taken;
  }
  EXPECT_EQ(taken, 3U) << "none, one and two of them";
}

}  // namespace
}  // namespace holdfast
