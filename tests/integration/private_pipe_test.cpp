// Is the pipe between Paho and the SDK really private?

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "integration/device_fixture.hpp"
#include "support/process.hpp"
#include "support/subscriber.hpp"
#include "support/tcp_proxy.hpp"

namespace holdfast::test {
namespace {

using PrivatePipeTest = DeviceTest;

TEST_F(PrivatePipeTest, AProcessThatRacesForThePortIsDroppedAndTheDeviceDelivers) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t"});
  TcpProxy proxy(broker->tls_port());
  // After the sockets of this test, so that it leaves them alone.
  Process intruder({HOLDFAST_TEST_INTRUDER, std::to_string(::getpid())});
  const auto line = intruder.wait_for_line("", kBound);
  ASSERT_TRUE(line);
  if (*line == "no sock_diag here") GTEST_SKIP() << *line;

  Options options = options_for(proxy.port());
  options.backoff = {.base = 1ms, .cap = 5ms, .stable_after = 0ms};
  WatchedDevice device(options);
  device->start();
  // It does not win each race: it gets many.
  constexpr std::size_t kMostRaces = 500;
  constexpr std::size_t kWins = 3;
  std::size_t races = 0;
  std::size_t wins = 0;
  while (wins < kWins && races < kMostRaces) {
    ++races;
    const MessageId id = device.publish("t", std::to_string(races));
    const auto delivery = device.wait_for_delivery(id);
    ASSERT_TRUE(delivery) << intruder.output();
    ASSERT_FALSE(delivery->error) << delivery->detail;
    wins = device->status().counters.intruders;
    proxy.cut_all();
    ASSERT_TRUE(device.wait_for(EventKind::connected, races + 1)) << intruder.output();
  }
  RecordProperty("races", std::to_string(races));
  EXPECT_GE(wins, kWins) << "the intruder never came first; " << intruder.output();
  const auto event = device.wait_for(EventKind::intruder, kWins);
  ASSERT_TRUE(event);
  EXPECT_NE(event->detail.find("dropped"), std::string::npos) << event->detail;
  EXPECT_TRUE(intruder.wait_for_lines("dropped", kWins, kBound)) << intruder.output();
  EXPECT_EQ(intruder.count_lines("received"), 0u) << intruder.output();
  EXPECT_TRUE(subscriber.wait_for_count(races, kBound));
  EXPECT_TRUE(device->stop().clean);
}

}  // namespace
}  // namespace holdfast::test
