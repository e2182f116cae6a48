#include "channel/network_changes.hpp"

#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <cstring>
#include <string>
#include <vector>

namespace holdfast::channel {
namespace {

using Datagram = std::vector<std::uint8_t>;

template <class Header>
void append(Datagram& to, const Header& header) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&header);
  to.insert(to.end(), bytes, bytes + sizeof header);
}

void append_attribute(Datagram& to, unsigned short type, const std::string& value) {
  append(to, rtattr{static_cast<unsigned short>(sizeof(rtattr) + value.size()), type});
  to.insert(to.end(), value.begin(), value.end());
  to.resize((to.size() + 3) / 4 * 4);
}

template <class Body>
Datagram message(std::uint16_t type, const Body& body, unsigned short attribute,
                 const std::string& value) {
  Datagram rest;
  append(rest, body);
  append_attribute(rest, attribute, value);
  Datagram whole;
  append(whole,
         nlmsghdr{static_cast<std::uint32_t>(sizeof(nlmsghdr) + rest.size()), type, 0, 0, 0});
  whole.insert(whole.end(), rest.begin(), rest.end());
  return whole;
}

Datagram address(std::uint16_t type, unsigned char scope = RT_SCOPE_UNIVERSE,
                 const std::string& value = "\x0a\x00\x00\x01") {
  return message(type, ifaddrmsg{AF_INET, 24, 0, scope, 2}, IFA_LOCAL, value);
}

Datagram route(std::uint16_t type, unsigned char prefix = 0, unsigned char kind = RTN_UNICAST) {
  rtmsg body{};
  body.rtm_family = AF_INET;
  body.rtm_dst_len = prefix;
  body.rtm_type = kind;
  return message(type, body, RTA_OIF, std::string("\x02\x00\x00\x00", 4));
}

Datagram link(unsigned flags) {
  ifinfomsg body{};
  body.ifi_index = 2;
  body.ifi_flags = flags;
  return message(RTM_NEWLINK, body, IFLA_IFNAME, "wwan0");
}

TEST(NetworkChanges, SeesAnAddressAppearOnce) {
  NetworkChanges changes;
  EXPECT_TRUE(changes.take(address(RTM_NEWADDR)).appeared);
  EXPECT_FALSE(changes.take(address(RTM_NEWADDR)).appeared) << "a lifetime was refreshed";
  EXPECT_TRUE(changes.take(address(RTM_DELADDR)).went);
  EXPECT_TRUE(changes.take(address(RTM_NEWADDR)).appeared);
}

TEST(NetworkChanges, SeesAnAddressGoThatItNeverSawCome) {
  NetworkChanges changes;
  EXPECT_TRUE(changes.take(address(RTM_DELADDR)).went);
}

TEST(NetworkChanges, CaresForNoAddressThatLeadsNowhere) {
  NetworkChanges changes;
  EXPECT_FALSE(changes.take(address(RTM_NEWADDR, RT_SCOPE_LINK)).appeared);
  EXPECT_FALSE(changes.take(address(RTM_NEWADDR, RT_SCOPE_HOST)).appeared);
}

TEST(NetworkChanges, SeesADefaultRouteAppear) {
  NetworkChanges changes;
  EXPECT_TRUE(changes.take(route(RTM_NEWROUTE)).appeared);
  EXPECT_FALSE(changes.take(route(RTM_NEWROUTE)).appeared);
  EXPECT_TRUE(changes.take(route(RTM_DELROUTE)).went);
  EXPECT_FALSE(changes.take(route(RTM_NEWROUTE, 24)).appeared) << "leads to one net alone";
  EXPECT_FALSE(changes.take(route(RTM_NEWROUTE, 0, RTN_UNREACHABLE)).appeared);
}

TEST(NetworkChanges, KnowsThatARouteGoesWithItsAddress) {
  NetworkChanges changes;
  changes.take(address(RTM_NEWADDR));
  changes.take(route(RTM_NEWROUTE));
  changes.take(address(RTM_DELADDR));
  EXPECT_TRUE(changes.take(route(RTM_NEWROUTE)).appeared);
}

TEST(NetworkChanges, SeesACarrierComeBack) {
  NetworkChanges changes;
  EXPECT_TRUE(changes.take(link(IFF_UP | IFF_RUNNING)).appeared);
  EXPECT_FALSE(changes.take(link(IFF_UP | IFF_RUNNING)).appeared);
  EXPECT_TRUE(changes.take(link(IFF_UP)).went);
  EXPECT_TRUE(changes.take(link(IFF_UP | IFF_RUNNING)).appeared);
  EXPECT_FALSE(changes.take(link(IFF_UP | IFF_RUNNING | IFF_LOOPBACK)).appeared);
}

TEST(NetworkChanges, ReadsSeveralMessagesOfOneDatagram) {
  NetworkChanges changes;
  Datagram both = route(RTM_NEWROUTE, 24);
  const Datagram second = address(RTM_NEWADDR);
  both.insert(both.end(), second.begin(), second.end());
  EXPECT_TRUE(changes.take(both).appeared);
}

TEST(NetworkChanges, StopsAtWhatIsTruncated) {
  const Datagram whole = address(RTM_NEWADDR);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    NetworkChanges changes;
    EXPECT_FALSE(changes.take(std::span(whole).first(size)).appeared) << size;
  }
}

TEST(NetworkChanges, RemembersNoMoreThanItsMost) {
  NetworkChanges changes;
  for (std::size_t i = 0; i < 3 * NetworkChanges::kMaxRemembered; ++i) {
    const std::string value{10, static_cast<char>(i / 256), static_cast<char>(i % 256), 1};
    EXPECT_TRUE(changes.take(address(RTM_NEWADDR, RT_SCOPE_UNIVERSE, value)).appeared);
  }
}

}  // namespace
}  // namespace holdfast::channel
