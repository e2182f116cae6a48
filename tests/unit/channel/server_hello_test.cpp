// Does the server exchange keys, or rest on the ticket's secret alone?

#include "channel/server_hello.hpp"

#include <gtest/gtest.h>

#include <string>

#include "support/tls13_messages.hpp"

namespace holdfast::channel {
namespace {

namespace tls13 = test::tls13;

std::string record(char type, const std::string& content) {
  return std::string(1, type) + "\x03\x03" + tls13::vector16(content);
}

std::string hello(bool with_key_share) {
  tls13::ServerHello hello;
  if (with_key_share) hello.key_share.emplace(tls13::kX25519, std::string(32, 'k'));
  return tls13::server_hello(hello);
}

bool has_key_share(const std::string& bytes, std::size_t step = SIZE_MAX) {
  ServerHelloReader reader;
  for (std::size_t at = 0; at < bytes.size(); at += std::min(step, bytes.size() - at)) {
    const std::size_t size = std::min(step, bytes.size() - at);
    reader.feed({reinterpret_cast<const std::uint8_t*>(bytes.data()) + at, size});
  }
  return reader.has_key_share();
}

TEST(ServerHello, WithAnExchangeOfKeys) {
  EXPECT_TRUE(has_key_share(record(22, hello(true))));
  EXPECT_TRUE(has_key_share(record(22, hello(true)), 1)) << "a byte at a time";
}

TEST(ServerHello, WithoutOne) {
  EXPECT_FALSE(has_key_share(record(22, hello(false))));
}

TEST(ServerHello, OverSeveralRecords) {
  const std::string whole = hello(true);
  EXPECT_TRUE(has_key_share(record(22, whole.substr(0, 10)) + record(22, whole.substr(10))));
}

TEST(ServerHello, WhatFollowsInClearOrSealedDoesNotCount) {
  EXPECT_TRUE(has_key_share(record(22, hello(true)) + record(20, "\x01") + record(23, "sealed")));
  EXPECT_FALSE(has_key_share(record(22, hello(false)) + record(23, hello(true))));
}

// A HelloRetryRequest names a group in a key_share of its own.
TEST(ServerHello, TheLastOneCounts) {
  EXPECT_FALSE(has_key_share(record(22, hello(true)) + record(22, hello(false))));
  EXPECT_TRUE(has_key_share(record(22, hello(false)) + record(22, hello(true))));
}

TEST(ServerHello, CutAnywhereItHasNone) {
  const std::string whole = record(22, hello(true));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(has_key_share(whole.substr(0, size))) << size;
  }
}

TEST(ServerHello, TooMuchIsNotLookedAt) {
  const std::string filler =
      record(22, tls13::message(tls13::MessageType::kEncryptedExtensions, std::string(3000, 'x')));
  EXPECT_FALSE(has_key_share(filler + record(22, hello(true))));
}

}  // namespace
}  // namespace holdfast::channel
