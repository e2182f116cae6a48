#include "channel/network_key.hpp"

#include <gtest/gtest.h>

namespace holdfast::channel {
namespace {

constexpr std::string_view kRoutes =
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
    "eth0\t0000FEA9\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
    "eth0\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
    "wwan0\t00000000\t00000000\t0001\t0\t0\t700\t00000000\t0\t0\t0\n";

TEST(NetworkKey, FindsTheGatewayOfAnInterface) {
  EXPECT_EQ(gateway_in(kRoutes, "eth0"), "0100A8C0");
  EXPECT_EQ(gateway_in(kRoutes, "wwan0"), "00000000");
  EXPECT_EQ(gateway_in(kRoutes, "eth"), "");
  EXPECT_EQ(gateway_in("", "eth0"), "");
  EXPECT_EQ(gateway_in("\n\n \t\neth0", "eth0"), "");
}

TEST(NetworkKey, KnowsTheInterfaceOfAnAddress) {
  EXPECT_EQ(interface_of(asio::ip::make_address("127.0.0.1")), "lo");
  EXPECT_EQ(interface_of(asio::ip::make_address("203.0.113.7")), "");
  EXPECT_EQ(interface_of(asio::ip::address()), "");
}

TEST(NetworkKey, IsTheSameForTheSameNetworkAndAnotherForAnother) {
  const auto loopback = network_key(asio::ip::make_address("127.0.0.1"));
  EXPECT_EQ(network_key(asio::ip::make_address("127.0.0.1")), loopback);
  EXPECT_NE(network_key(asio::ip::make_address("203.0.113.7")), loopback);
}

}  // namespace
}  // namespace holdfast::channel
