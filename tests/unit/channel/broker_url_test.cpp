#include "channel/broker_url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <holdfast/error.hpp>

namespace holdfast::channel {
namespace {

using testing::HasSubstr;
using testing::Not;

ConfigError refusal(const std::string& text) {
  try {
    parse_broker_url(text);
  } catch (const ConfigError& error) {
    return error;
  }
  ADD_FAILURE() << text << " was taken";
  return {"", "", ""};
}

struct Good {
  std::string text;
  std::string host;
  std::uint16_t port;
  bool is_ip_literal;
  std::string shown;
};

class GoodUrl : public testing::TestWithParam<Good> {};

TEST_P(GoodUrl, IsTaken) {
  const Good& good = GetParam();
  const BrokerUrl url = parse_broker_url(good.text);
  EXPECT_EQ(url.host, good.host);
  EXPECT_EQ(url.port, good.port);
  EXPECT_EQ(url.is_ip_literal, good.is_ip_literal);
  EXPECT_EQ(url.text(), good.shown);
}

INSTANTIATE_TEST_SUITE_P(
    Table, GoodUrl,
    testing::Values(Good{"mqtts://broker.example.com", "broker.example.com", 8883, false,
                         "broker.example.com:8883"},
                    Good{"mqtts://broker.example.com:1", "broker.example.com", 1, false,
                         "broker.example.com:1"},
                    Good{"mqtts://broker:65535", "broker", 65535, false, "broker:65535"},
                    Good{"mqtts://broker/", "broker", 8883, false, "broker:8883"},
                    Good{"mqtts://broker:8884/", "broker", 8884, false, "broker:8884"},
                    Good{"mqtts://Broker.Example.COM", "Broker.Example.COM", 8883, false,
                         "Broker.Example.COM:8883"},
                    Good{"mqtts://broker.example.com.", "broker.example.com.", 8883, false,
                         "broker.example.com.:8883"},
                    Good{"mqtts://my_broker-1.local", "my_broker-1.local", 8883, false,
                         "my_broker-1.local:8883"},
                    Good{"mqtts://127.0.0.1", "127.0.0.1", 8883, true, "127.0.0.1:8883"},
                    Good{"mqtts://10.1.2.3:18883", "10.1.2.3", 18883, true, "10.1.2.3:18883"},
                    Good{"mqtts://[::1]", "::1", 8883, true, "[::1]:8883"},
                    Good{"mqtts://[2001:db8::17]:8884", "2001:db8::17", 8884, true,
                         "[2001:db8::17]:8884"},
                    Good{"mqtts://" + std::string(63, 'a') + ".b", std::string(63, 'a') + ".b",
                         8883, false, std::string(63, 'a') + ".b:8883"}));

struct Bad {
  std::string text;
  std::string mend;  // what the sentence must speak of
};

class BadUrl : public testing::TestWithParam<Bad> {};

TEST_P(BadUrl, IsRefusedWithTheMend) {
  const auto error = refusal(GetParam().text);
  EXPECT_EQ(error.field(), "broker");
  EXPECT_EQ(error.value(), GetParam().text);
  EXPECT_THAT(error.mend(), HasSubstr(GetParam().mend));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadUrl,
    testing::Values(
        Bad{"", "mqtts://HOST"}, Bad{"broker.example.com", "mqtts://HOST"},
        Bad{"broker.example.com:8883", "mqtts://HOST"}, Bad{"mqtt://broker", "8883"},
        Bad{"tcp://broker:1883", "without TLS"}, Bad{"ssl://broker", "mqtts://"},
        Bad{"MQTTS://broker", "mqtts://"}, Bad{"mqtts:broker", "mqtts://"}, Bad{"mqtts://", "host"},
        Bad{"mqtts:///", "host"}, Bad{"mqtts://:8883", "host"},
        Bad{"mqtts://broker:", "1 to 65535"}, Bad{"mqtts://broker:0", "1 to 65535"},
        Bad{"mqtts://broker:65536", "1 to 65535"}, Bad{"mqtts://broker:99999999999", "1 to 65535"},
        Bad{"mqtts://broker:+1", "1 to 65535"}, Bad{"mqtts://broker:-1", "1 to 65535"},
        Bad{"mqtts://broker: 1", "1 to 65535"}, Bad{"mqtts://broker:8883x", "1 to 65535"},
        Bad{"mqtts://broker/path", "no path"}, Bad{"mqtts://broker//", "no path"},
        Bad{"mqtts://broker?x=1", "no path"}, Bad{"mqtts://broker#x", "no path"},
        Bad{"mqtts://2001:db8::1", "brackets"}, Bad{"mqtts://2001:db8::1:8883", "brackets"},
        Bad{"mqtts://[2001:db8::1", "not closed"}, Bad{"mqtts://[2001:db8::1]8883", ":PORT"},
        Bad{"mqtts://[2001:db8::1]:", "1 to 65535"}, Bad{"mqtts://[]", "IPv6"},
        Bad{"mqtts://[broker]", "IPv6"}, Bad{"mqtts://[127.0.0.1]", "IPv6"},
        Bad{"mqtts://two words", "name or an IP"}, Bad{" mqtts://broker", "mqtts://"},
        Bad{"mqtts://broker ", "name or an IP"}, Bad{"mqtts://a..b", "name or an IP"},
        Bad{"mqtts://.a", "name or an IP"}, Bad{"mqtts://.", "name or an IP"},
        Bad{"mqtts://bröker", "name or an IP"}, Bad{"mqtts://br*ker", "name or an IP"},
        Bad{"mqtts://" + std::string(64, 'a'), "name or an IP"}));

TEST(BrokerUrl, RefusesANullCharacterInTheHost) {
  EXPECT_THAT(refusal(std::string("mqtts://broker\0.evil.com", 24)).mend(),
              HasSubstr("name or an IP"));
}

TEST(BrokerUrl, RefusesANullCharacterInAnIpv6Address) {
  using namespace std::string_literals;
  EXPECT_THAT(refusal("mqtts://[::1\0%lo]:8883"s).mend(), HasSubstr("IPv6"));
  EXPECT_THAT(refusal("mqtts://[::1\0]"s).mend(), HasSubstr("IPv6"));
}

TEST(BrokerUrl, TakesTheZoneOfALinkLocalAddressAndNoOtherWords) {
  EXPECT_EQ(parse_broker_url("mqtts://[fe80::1%lo]").host, "fe80::1%lo");
  for (const std::string zone : {"\xFF", "a[b", "a b", "a@b", "\n"}) {
    EXPECT_THROW(parse_broker_url("mqtts://[fe80::1%" + zone + "]"), ConfigError) << zone;
  }
}

TEST(BrokerUrl, RefusesAHostThatIsTooLongForDns) {
  std::string host;
  for (int i = 0; i < 130; ++i) host += "a.";
  EXPECT_THAT(refusal("mqtts://" + host + "a").mend(), HasSubstr("name or an IP"));
}

TEST(BrokerUrl, NeverRepeatsAPasswordThatSomebodyWroteIntoIt) {
  for (const std::string scheme :
       {"mqtts://", "mqtt://", "tcp://", "ssl://", "", "mqtts:/", "MQTTS://"}) {
    const auto error = refusal(scheme + "user:secret@broker:8883");
    EXPECT_THAT(error.what(), Not(HasSubstr("secret"))) << scheme;
    EXPECT_THAT(error.value(), Not(HasSubstr("secret"))) << scheme;
  }
  EXPECT_THAT(refusal("mqtts://user:secret@broker").mend(), HasSubstr("username and password"));
}

}  // namespace
}  // namespace holdfast::channel
