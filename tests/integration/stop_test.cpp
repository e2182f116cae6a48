// Does a device stop in order and in time, whatever it is doing, and is nothing it held forgotten?

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "integration/device_fixture.hpp"
#include "reading_generated.h"
#include "support/scripted_server.hpp"
#include "support/subscriber.hpp"
#include "support/tcp_proxy.hpp"
#include "support/tls_server.hpp"

namespace holdfast::test {
namespace {

using StopTest = DeviceTest;
using Clock = std::chrono::steady_clock;

TEST_F(StopTest, DrainsWhatWaitsForItsDelayToo) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t"});
  WatchedDevice device(options_for(broker->tls_port()));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  for (int n = 0; n < 50; ++n) device.publish("t", std::to_string(n), {.max_delay = 1h});
  const StopResult result = device->stop();
  EXPECT_TRUE(result.clean);
  EXPECT_EQ(result.undelivered, 0u);
  ASSERT_TRUE(subscriber.wait_for_count(50, kBound));
  EXPECT_EQ(device.deliveries().size(), 50u);  // each was told before stop returned
  for (const Delivery& delivery : device.deliveries().all()) EXPECT_FALSE(delivery.error);
  EXPECT_EQ(device.events().back().kind, EventKind::stopped);
  EXPECT_EQ(device->status().state, State::stopped);
}

// The broker's answer to the login may be on its way between two threads when the device is
// stopped. Each round stops a little later after the handshake's first answer; the stop comes
// first, in between, and behind.
TEST_F(StopTest, MayComeAtAnyMomentOfALogin) {
  const auto broker = make_broker();
  TcpProxy proxy(broker->tls_port());
  constexpr int kRounds = 150;
  constexpr auto kStep = 40us;
  for (int round = 0; round < kRounds; ++round) {
    WatchedDevice device(options_for(proxy.port()));
    const std::uint64_t before = proxy.bytes_down();
    const auto bound = Clock::now() + kBound;
    device->start();
    while (proxy.bytes_down() == before && Clock::now() < bound) std::this_thread::yield();
    const auto moment = Clock::now() + round * kStep;
    while (Clock::now() < moment) std::this_thread::yield();
    device->stop(0ms);
    ASSERT_EQ(device->status().state, State::stopped) << round;
  }
}

TEST_F(StopTest, CountsWhatIsLeftAndTellsEachOfIt) {
  const auto broker = make_broker();
  TcpProxy proxy(broker->tls_port());
  proxy.refuse_new(true);
  WatchedDevice device(options_for(proxy.port()));
  device->start();
  std::vector<MessageId> ids;
  for (int n = 0; n < 3; ++n) ids.push_back(device.publish("t", "x"));
  ASSERT_TRUE(device.wait_for(EventKind::connect_failed));
  const StopResult result = device->stop();
  EXPECT_EQ(result.undelivered, 3u);
  for (const MessageId id : ids) {
    const auto delivery = device.wait_for_delivery(id);
    ASSERT_TRUE(delivery);
    EXPECT_EQ(delivery->error, Errc::closed);
    EXPECT_EQ(delivery->error, Condition::closed);
  }
  EXPECT_EQ(device->status().counters.dropped, 3u);
  EXPECT_EQ(device->status().waiting, 0u);
  EXPECT_NE(device.events().back().detail.find("3"), std::string::npos);
}

TEST_F(StopTest, EndsInTimeWhenAMessageUnderWayIsNeverAcknowledged) {
  const auto broker = make_broker();
  TcpProxy proxy(broker->tls_port());
  WatchedDevice device(options_for(proxy.port()));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  proxy.black_hole(true);
  device.publish("t", "x");
  const auto begin = Clock::now();
  const StopResult result = device->stop(1s);
  EXPECT_LT(Clock::now() - begin, 3s);
  EXPECT_FALSE(result.clean);
  EXPECT_EQ(result.undelivered, 1u);
  ASSERT_EQ(device.deliveries().size(), 1u);
  EXPECT_EQ(device.deliveries().all()[0].error, Errc::closed);
}

TEST_F(StopTest, ReturnsAtOnceWhileConnectingToAServerThatNeverAnswers) {
  ScriptedServer server([](ScriptedConnection& connection) { connection.receive_until_closed(); });
  WatchedDevice device(options_for(server.port()));
  device->start();
  ASSERT_TRUE(server.wait_for_received(1, kBound));
  const auto begin = Clock::now();
  EXPECT_TRUE(device->stop().clean);
  EXPECT_LT(Clock::now() - begin, 2s);
  EXPECT_TRUE(server.wait_for_finished(1, kBound));
}

TEST_F(StopTest, ReturnsAtOnceWhileWaitingForTheNextAttempt) {
  TcpProxy proxy(1);
  proxy.refuse_new(true);
  Options options = options_for(proxy.port());
  options.backoff = {.base = 1h, .cap = 1h, .stable_after = 1s};
  WatchedDevice device(options);
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::waiting));
  const auto begin = Clock::now();
  EXPECT_TRUE(device->stop().clean);
  EXPECT_LT(Clock::now() - begin, 2s);
}

TEST_F(StopTest, FromAHandlerItBeginsAndReturns) {
  const auto broker = make_broker();
  WatchedDevice device(options_for(broker->tls_port()));
  EventLog<int> stopped;
  device->subscribe("stop", [&](const Message&) {
    device->stop();
    stopped.append(1);
  });
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::subscribed));
  Publisher publisher({.port = broker->plain_port()});
  publisher.publish("stop", "now");
  ASSERT_TRUE(stopped.wait_for_count(1, kBound));
  EXPECT_TRUE(broker->wait_log("Client device disconnected", kBound));
  EXPECT_TRUE(device->stop().clean);  // the end of the one that the handler began
  EXPECT_EQ(device->status().state, State::stopped);
}

TEST_F(StopTest, ASecondStopAndConcurrentOnesGetTheFirstResult) {
  TcpProxy proxy(1);
  proxy.refuse_new(true);
  WatchedDevice device(options_for(proxy.port()));
  device.publish("t", "x");
  device->start();
  EventLog<std::uint64_t> results;
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; ++n) {
    threads.emplace_back([&] { results.append(device->stop().undelivered); });
  }
  for (std::thread& thread : threads) thread.join();
  results.append(device->stop().undelivered);
  EXPECT_EQ(results.all(), (std::vector<std::uint64_t>(5, 1)));
  EXPECT_EQ(device.events_of(EventKind::stopped).size(), 1u);
}

TEST_F(StopTest, ADeviceThatWasNeverStartedEndsAndTellsItsMessages) {
  EventLog<Delivery> told;
  {
    Device device(options_for(1));
    const auto note = [&told](const Delivery& delivery) { told.append(delivery); };
    EXPECT_TRUE(device.publish("t", as_payload("x"), {.on_done = note}));
  }
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told.all()[0].error, Errc::closed);
  { const Device device(options_for(1)); }
  Device stopped(options_for(1));
  EXPECT_TRUE(stopped.stop().clean);
  stopped.start();  // does nothing
  EXPECT_EQ(stopped.status().state, State::stopped);
}

TEST_F(StopTest, ADeviceMayBeDestroyedRightAfterItsStart) {
  const auto broker = make_broker();
  for (int n = 0; n < 20; ++n) {
    Device device(options_for(broker->tls_port()));
    device.subscribe("t", [](const Message&) {});
    device.start();
  }
  WatchedDevice device(options_for(broker->tls_port()));
  device->start();
  EXPECT_TRUE(device.wait_for(EventKind::connected));
}

TEST_F(StopTest, PublishAfterwardsIsRefused) {
  const auto broker = make_broker();
  WatchedDevice device(options_for(broker->tls_port()));
  device->start();
  ASSERT_TRUE(device.wait_for_delivery(device.publish("t", "x")));
  device->stop();
  const Receipt receipt = device->publish("t", as_payload("x"));
  EXPECT_EQ(receipt.error, Errc::closed);
  EXPECT_EQ(receipt.error, Condition::closed);
  EXPECT_EQ(receipt.id, 0u);
}

TEST_F(StopTest, AStreamThatOutlivesItsDeviceRefuses) {
  const auto broker = make_broker();
  auto device = std::make_unique<Device>(options_for(broker->tls_port()));
  auto stream = device->stream<Reading>("t");
  device->start();
  EXPECT_TRUE(stream.push({}));
  device.reset();
  EXPECT_EQ(stream.push({}).error, Errc::closed);
}

// openssl s_server tells apart what ended a connection: "DONE" after close_notify, "ERROR" after a
// bare FIN or a reset.
class GoodbyeTest : public DeviceTest {
 protected:
  GoodbyeTest() : server_(key_), proxy_(server_.port()), device_(options_for(proxy_.port())) {
    device_->start();
    EXPECT_TRUE(server_says("MQTT"));
    EXPECT_TRUE(server_.send(std::string_view("\x20\x03\0\0\0", 5)));  // CONNACK
    EXPECT_TRUE(device_.wait_for(EventKind::connected));
  }

  // Not wait_output(): not all that it says is a line.
  bool server_says(std::string_view what) {
    return eventually([&] { return server_.output().find(what) != std::string::npos; }, kBound);
  }

  OpensslServer server_;
  TcpProxy proxy_;
  WatchedDevice device_;
};

TEST_F(GoodbyeTest, IsSaidInOrder) {
  EXPECT_TRUE(device_->stop().clean);
  ASSERT_TRUE(server_says("DONE")) << server_.output();
  const std::string output = server_.output();
  const auto disconnect = output.find('\xE0', output.find("MQTT"));
  EXPECT_NE(disconnect, std::string::npos) << output;
  EXPECT_LT(disconnect, output.find("DONE")) << output;
  EXPECT_EQ(output.find("ERROR"), std::string::npos) << output;
}

TEST_F(GoodbyeTest, IsMissedWhenTheConnectionIsCut) {
  proxy_.cut_all(TcpProxy::Cut::kFinish);
  ASSERT_TRUE(server_says("ERROR")) << server_.output();
  EXPECT_EQ(server_.output().find("DONE"), std::string::npos);
}

}  // namespace
}  // namespace holdfast::test
