// Is a certificate made out for the host that was asked for, and for no other? (Attack 9)

#include "channel/peer_name.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace holdfast::channel {
namespace {

using namespace std::string_literals;

Certificate for_names(std::vector<std::string> names) {
  Certificate certificate;
  certificate.has_alt_names = true;
  certificate.dns_names = std::move(names);
  return certificate;
}

struct Case {
  std::string pattern;
  std::string host;
  bool matches;
};

class Attack09HostNames : public testing::TestWithParam<Case> {};

TEST_P(Attack09HostNames, AreComparedLabelByLabel) {
  const auto& [pattern, host, matches] = GetParam();
  const std::string why = why_not_for(for_names({pattern}), parse_peer_name(host));
  EXPECT_EQ(why.empty(), matches) << pattern << " for " << host << ": " << why;
  if (!matches) {
    EXPECT_NE(why.find(parse_peer_name(host).host), std::string::npos) << why;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Cases, Attack09HostNames,
    testing::Values(Case{"broker.example.com", "broker.example.com", true},
                    Case{"broker.example.com", "BROKER.Example.Com", true},
                    Case{"Broker.EXAMPLE.com", "broker.example.com", true},
                    Case{"broker.example.com", "broker.example.com.", true},  // the dot of the root
                    Case{"localhost", "localhost", true},                     //
                    Case{"broker.example.com.", "broker.example.com", false},
                    Case{"broker.example.com", "roker.example.com", false},
                    Case{"broker.example.com", "broker.example.com.evil.org", false},
                    Case{"example.com", "broker.example.com", false},
                    Case{"broker.example.com", "example.com", false},  //
                    Case{"", "broker.example.com", false},             //
                    Case{"*.example.com", "broker.example.com", true},
                    Case{"*.example.com", "BROKER.EXAMPLE.COM.", true},
                    Case{"*.example.com", "example.com", false},
                    Case{"*.example.com", "a.broker.example.com", false},
                    Case{"*.example.com", ".example.com", false},  //
                    Case{"*.com", "example.com", false},           //
                    Case{"*", "localhost", false},                 //
                    Case{"*.", "localhost", false},                //
                    Case{"*.*.com", "a.example.com", false},
                    Case{"broker.*.com", "broker.example.com", false},
                    Case{"b*r.example.com", "broker.example.com", false},
                    Case{"b*.example.com", "broker.example.com", false},
                    Case{"**.example.com", "broker.example.com", false},
                    Case{"broker.example.com\0.evil.org"s, "broker.example.com", false},
                    Case{"broker.example.com\0"s, "broker.example.com", false},
                    Case{"\0broker.example.com"s, "broker.example.com", false},
                    Case{"192.0.2.1", "192.0.2.1", false},  // an address is no name
                    Case{"*.0.2.1", "192.0.2.1", false},    //
                    Case{"2001:db8::1", "2001:db8::1", false}));

struct AddressCase {
  std::vector<std::uint8_t> address;
  std::string host;
  bool matches;
};

class Attack09Addresses : public testing::TestWithParam<AddressCase> {};

TEST_P(Attack09Addresses, AreComparedAsNumbers) {
  const auto& [address, host, matches] = GetParam();
  Certificate certificate = for_names({"elsewhere.example"});
  certificate.addresses = {address};
  const std::string why = why_not_for(certificate, parse_peer_name(host));
  EXPECT_EQ(why.empty(), matches) << host << ": " << why;
}

const std::vector<std::uint8_t> kIpv4{192, 0, 2, 1};
const std::vector<std::uint8_t> kIpv6{0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

INSTANTIATE_TEST_SUITE_P(Cases, Attack09Addresses,
                         testing::Values(AddressCase{kIpv4, "192.0.2.1", true},
                                         AddressCase{kIpv4, "192.0.2.2", false},
                                         AddressCase{kIpv6, "2001:db8::1", true},
                                         AddressCase{kIpv6, "2001:DB8:0:0::1", true},
                                         AddressCase{kIpv6, "2001:db8::2", false},
                                         AddressCase{kIpv6, "2001:db8::1%eth0", true},
                                         AddressCase{kIpv4, "2001:db8::1", false},
                                         AddressCase{kIpv4, "broker.example.com", false}));

TEST(Attack09_CommonNameOnly, DoesNotCount) {
  Certificate certificate;  // whatever its subject says
  const std::string why = why_not_for(certificate, parse_peer_name("broker.example.com"));
  EXPECT_NE(why.find("subjectAltName DNS:broker.example.com"), std::string::npos) << why;
}

TEST(Attack09_NoHost, IsNobody) {
  EXPECT_FALSE(why_not_for(for_names({""}), parse_peer_name("")).empty());
}

TEST(Attack09_Messages, ShowAFewNamesAndNothingUnprintable) {
  std::vector<std::string> many{"evil\n\x1b[31m.example"s};
  for (int i = 0; i < 100; ++i) many.push_back("n" + std::to_string(i) + ".example");
  const std::string why = why_not_for(for_names(many), parse_peer_name("broker.example.com"));
  EXPECT_LT(why.size(), 500U);
  EXPECT_NE(why.find("96 more"), std::string::npos) << why;
  for (const char character : why) EXPECT_GE(static_cast<unsigned char>(character), 0x20);
}

}  // namespace
}  // namespace holdfast::channel
