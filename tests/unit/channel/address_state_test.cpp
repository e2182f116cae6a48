// The addresses of brokers, as they are kept.

#include "channel/address_state.hpp"

#include <gtest/gtest.h>

#include <string>

namespace holdfast::channel {
namespace {

using namespace std::chrono_literals;
using resumption::BootId;
using resumption::Moment;

constexpr BootId kThis{1, 2};
constexpr BootId kOther{3, 4};

AddressRow row_of(const std::string& host, const std::string& address, Moment learned = {}) {
  return {
      .host = host, .port = 8883, .address = asio::ip::make_address(address), .learned = learned};
}

std::optional<AddressTable> read_again(const AddressTable& table) {
  std::string why;
  auto read = decode_addresses(encode_addresses(table), why);
  EXPECT_EQ(read.has_value(), why.empty()) << why;
  return read;
}

TEST(AddressAge, IsWhatTheKernelHasCountedWithinABoot) {
  EXPECT_EQ(age_of({.boot = kThis, .uptime = 100}, {.boot = kThis, .uptime = 160}), 60s);
  EXPECT_FALSE(age_of({.boot = kThis, .uptime = 200}, {.boot = kThis, .uptime = 160}));
}

TEST(AddressAge, IsKnownAcrossARebootWhereATrustedClockKnewBothEnds) {
  const Moment before{.boot = kOther, .uptime = 100, .wall = 1'790'000'000};
  EXPECT_FALSE(age_of(before, {.boot = kThis, .uptime = 160}));
  EXPECT_EQ(age_of(before, {.boot = kThis, .uptime = 160, .wall = 1'790'003'600}), 1h);
  EXPECT_FALSE(age_of(before, {.boot = kThis, .uptime = 160, .wall = 1'780'000'000}));
}

TEST(AddressAge, IsNotKnownWithoutAnyClock) {
  EXPECT_FALSE(age_of({}, {}));
  EXPECT_FALSE(age_of({}, {.boot = kThis, .uptime = 160, .wall = 1'790'000'000}));
}

TEST(AddressAge, LeadsBackToTheMoment) {
  const Moment now{.boot = kThis, .uptime = 5'000, .wall = 1'790'000'000};
  for (const auto age : {0s, 1s, 5'000s, 5'001s, 86'400s}) {
    EXPECT_EQ(age_of(moment_before(now, age), now), age) << age.count();
  }
  EXPECT_FALSE(age_of(moment_before({.boot = kThis, .uptime = 10}, 11s), now))
      << "before the boot, and no clock knew when";
}

TEST(AddressAge, IsBoundedWhateverAFileSays) {
  const Moment now{.boot = kThis, .uptime = ~std::uint64_t{0}, .wall = ~std::uint64_t{0}};
  EXPECT_EQ(age_of({.boot = kThis, .uptime = 0, .wall = 1}, now), 2 * limits::kMaxAddressLifetime);
}

TEST(AddressTable, KnowsANameWithItsPort) {
  AddressTable table;
  table.put(row_of("a", "192.0.2.1"));
  ASSERT_NE(table.find("a", 8883), nullptr);
  EXPECT_EQ(table.find("a", 8883)->address, asio::ip::make_address("192.0.2.1"));
  EXPECT_EQ(table.find("a", 8884), nullptr);
  EXPECT_EQ(table.find("b", 8883), nullptr);
}

TEST(AddressTable, ForgetsTheNameThatWasUsedLongestAgo) {
  AddressTable table;
  for (std::size_t n = 0; n < kMaxAddressRows; ++n) {
    table.put(row_of(std::to_string(n), "192.0.2.1"));
  }
  table.put(row_of("0", "192.0.2.1"));
  table.put(row_of("one more", "192.0.2.1"));
  EXPECT_EQ(table.rows().size(), kMaxAddressRows);
  EXPECT_NE(table.find("0", 8883), nullptr);
  EXPECT_EQ(table.find("1", 8883), nullptr);
}

TEST(AddressTable, IsWrittenForAnotherAddressOrOneThatWasNamedAnHourLater) {
  AddressTable table;
  const auto named = [](std::uint64_t uptime) { return Moment{.boot = kThis, .uptime = uptime}; };
  EXPECT_TRUE(table.put(row_of("a", "192.0.2.1", named(100))));
  EXPECT_FALSE(table.put(row_of("a", "192.0.2.1", named(100))));
  EXPECT_FALSE(table.put(row_of("a", "192.0.2.1", named(99)))) << "rounded";
  EXPECT_FALSE(table.put(row_of("a", "192.0.2.1", named(3'000))));
  EXPECT_TRUE(table.put(row_of("a", "192.0.2.1", named(3'700))));
  EXPECT_TRUE(table.put(row_of("a", "192.0.2.2", named(3'700))));
  EXPECT_TRUE(table.put(row_of("a", "192.0.2.2"))) << "no server names it any more";
  EXPECT_FALSE(table.put(row_of("a", "192.0.2.2")));
}

TEST(AddressTable, IsWrittenInEachBoot) {
  AddressTable table;
  table.put(row_of("a", "192.0.2.1", {.boot = kOther, .uptime = 9'000}));
  EXPECT_TRUE(table.put(row_of("a", "192.0.2.1", {.boot = kThis, .uptime = 10})));
}

TEST(AddressState, IsReadAsItWasWritten) {
  AddressTable table;
  table.put(row_of("b.example.com", "2001:db8::1"));
  table.put(row_of("a.example.com", "192.0.2.1",
                   {.boot = kThis, .uptime = 3'600, .wall = 1'790'000'000}));
  EXPECT_EQ(read_again(table), table);
  EXPECT_EQ(read_again({}), AddressTable());
}

TEST(AddressState, IsRefusedWhereItIsAnythingElse) {
  std::string why;
  EXPECT_FALSE(decode_addresses({}, why));
  EXPECT_FALSE(why.empty());
  AddressTable table;
  table.put(row_of("a", "192.0.2.1"));
  auto bytes = encode_addresses(table);
  bytes.resize(bytes.size() / 2);
  EXPECT_FALSE(decode_addresses(bytes, why));
}

TEST(AddressState, TakesNoAddressThatNobodyCanConnectTo) {
  for (const char* address : {"0.0.0.0", "224.0.0.1", "::", "ff02::1", "fe80::1"}) {
    EXPECT_FALSE(can_be_kept(asio::ip::make_address(address))) << address;
    AddressTable table;
    table.put(row_of("a", address));
    std::string why;
    EXPECT_FALSE(decode_addresses(encode_addresses(table), why)) << address;
    EXPECT_FALSE(why.empty());
  }
  EXPECT_TRUE(can_be_kept(asio::ip::make_address("127.0.0.1")));
}

TEST(AddressState, TakesNoNameThatIsNone) {
  for (const std::string& host : {std::string(), std::string(256, 'a')}) {
    AddressTable table;
    table.put(row_of(host, "192.0.2.1"));
    std::string why;
    EXPECT_FALSE(decode_addresses(encode_addresses(table), why));
  }
  AddressTable table;
  AddressRow row = row_of("a", "192.0.2.1");
  row.port = 0;
  table.put(row);
  std::string why;
  EXPECT_FALSE(decode_addresses(encode_addresses(table), why));
}

}  // namespace
}  // namespace holdfast::channel
