// Does every accepted message arrive, in order, whatever happens to the connection?

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "integration/device_fixture.hpp"
#include "support/subscriber.hpp"
#include "support/tcp_proxy.hpp"
#include "support/tls_server.hpp"

namespace holdfast::test {
namespace {

class ReconnectionTest : public DeviceTest {
 protected:
  Options quick_options(std::uint16_t port) {
    Options options = options_for(port);
    options.backoff = {.base = 1ms, .cap = 20ms, .stable_after = 1s};
    return options;
  }

  void publish_numbers(WatchedDevice& device, int count) {
    for (int n = 0; n < count; ++n) device.publish("n", std::to_string(n));
  }

  // Each number at least once, and in order once second copies are dropped.
  void expect_numbers(const Subscriber& subscriber, int count) {
    std::set<int> seen;
    std::vector<int> first_copies;
    const auto messages = subscriber.messages();
    for (const ReceivedMessage& message : messages) {
      const int number = std::stoi(message.payload);
      if (seen.insert(number).second) first_copies.push_back(number);
    }
    ASSERT_EQ(first_copies.size(), static_cast<std::size_t>(count));
    for (int n = 0; n < count; ++n) {
      ASSERT_EQ(first_copies[static_cast<std::size_t>(n)], n) << "out of order";
    }
    RecordProperty("second_copies", std::to_string(messages.size() - first_copies.size()));
  }

  bool wait_for_last(const Subscriber& subscriber, int count) {
    return subscriber.wait_for(
        [last = std::to_string(count - 1)](const std::vector<ReceivedMessage>& all) {
          return !all.empty() && all.back().payload == last;
        },
        kBound);
  }

  // A broker that handles signals: it says that it runs a little before that.
  std::unique_ptr<Mosquitto> make_settled_broker(MosquittoOptions options = {}) {
    auto broker = make_broker(std::move(options));
    Publisher publisher({.port = broker->plain_port()});
    return broker;
  }
};

class CutTest : public ReconnectionTest, public ::testing::WithParamInterface<TcpProxy::Cut> {};

INSTANTIATE_TEST_SUITE_P(Ways, CutTest,
                         ::testing::Values(TcpProxy::Cut::kReset, TcpProxy::Cut::kFinish),
                         [](const auto& instance) {
                           return instance.param == TcpProxy::Cut::kReset ? "Reset" : "Finish";
                         });

TEST_P(CutTest, NothingIsLostWhenTheConnectionIsCutUnderLoad) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "n"});
  TcpProxy proxy(broker->tls_port());
  WatchedDevice device(quick_options(proxy.port()));
  constexpr int kCount = 4'000;
  publish_numbers(device, kCount);
  device->start();
  std::size_t cuts = 0;
  for (std::size_t seen = 100; seen < kCount; seen += 250) {
    ASSERT_TRUE(subscriber.wait_for_count(seen, kBound));
    cuts += proxy.cut_all(GetParam());
  }
  ASSERT_TRUE(device.wait_for_deliveries(kCount));
  for (const Delivery& delivery : device.deliveries().all()) {
    ASSERT_FALSE(delivery.error) << delivery.detail;
  }
  ASSERT_TRUE(wait_for_last(subscriber, kCount));
  expect_numbers(subscriber, kCount);
  EXPECT_GT(cuts, 3u);
  EXPECT_GT(device->status().ledger.connections, 3u);
  EXPECT_EQ(device->status().counters.delivered, static_cast<std::uint64_t>(kCount));
}

TEST_F(ReconnectionTest, NothingIsLostWhenTheBrokerRestartsUnderLoad) {
  const auto store = dir_.path() / "broker";
  std::filesystem::create_directory(store);
  const auto broker = make_settled_broker({.persistence_dir = store});
  Subscriber subscriber({.port = broker->plain_port(), .filter = "n"});
  WatchedDevice device(quick_options(broker->tls_port()));
  constexpr int kCount = 3'000;
  publish_numbers(device, kCount);
  device->start();
  for (const std::size_t seen : {500U, 1'500U}) {
    ASSERT_TRUE(subscriber.wait_for_count(seen, kBound));
    broker->restart();
  }
  ASSERT_TRUE(device.wait_for_deliveries(kCount));
  ASSERT_TRUE(wait_for_last(subscriber, kCount));
  expect_numbers(subscriber, kCount);
}

TEST_F(ReconnectionTest, ABrokerThatComesLaterGetsWhatWaited) {
  const auto broker = make_settled_broker();
  broker->stop();
  WatchedDevice device(quick_options(broker->tls_port()));
  device->start();
  publish_numbers(device, 100);
  ASSERT_TRUE(device.wait_for(EventKind::connect_failed, 3));
  EXPECT_EQ(device.deliveries().size(), 0u);
  broker->start();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "end"});
  device.publish("end", "0");
  ASSERT_TRUE(device.wait_for_deliveries(101));
  for (const Delivery& delivery : device.deliveries().all()) EXPECT_FALSE(delivery.error);
  ASSERT_TRUE(subscriber.wait_for_count(1, kBound));
}

// mosquitto 2.0.11 closes without a word when another client takes the name: so this broker is
// played by hand, over real TLS.
TEST_F(ReconnectionTest, ADeviceIsToldThatAnotherTookItsNameAndDoesNotFightForIt) {
  OpensslServer server(key_);
  Options options = options_for(server.port());
  options.backoff = {.base = 1ms, .cap = 2s, .stable_after = 0ms};
  WatchedDevice device(options);
  device->start();
  ASSERT_TRUE(
      eventually([&] { return server.output().find("MQTT") != std::string::npos; }, kBound));
  ASSERT_TRUE(server.send(std::string_view("\x20\x03\0\0\0", 5)));  // CONNACK
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  ASSERT_TRUE(server.send(std::string_view("\xE0\x02\x8E\0", 4)));  // DISCONNECT with a reason
  const auto event = device.wait_for(EventKind::disconnected);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->error, Errc::session_taken_over) << event->detail;
  EXPECT_NE(event->detail.find("client identifier"), std::string::npos) << event->detail;
  const auto waiting = device.wait_for(EventKind::waiting);
  ASSERT_TRUE(waiting);
  int milliseconds = 0;
  ASSERT_EQ(std::sscanf(waiting->detail.c_str(), "attempt %*d in %d ms", &milliseconds), 1);
  EXPECT_GE(milliseconds, 200) << waiting->detail;  // a tenth of the cap at least
  // It tries again all the same.
  EXPECT_TRUE(device.wait_for(EventKind::connecting, 2));
}

TEST_F(ReconnectionTest, TwoDevicesOfOneNameSlowDown) {
  const auto broker = make_broker();
  Options options = options_for(broker->tls_port());
  options.backoff = {.base = 1ms, .cap = 100ms, .stable_after = 1h};
  WatchedDevice device(options);
  WatchedDevice twin(options);
  device->start();
  twin->start();
  ASSERT_TRUE(device.wait_for(EventKind::waiting, 8));
  const auto events = device.events_of(EventKind::waiting);
  for (std::size_t n = 1; n < events.size(); ++n) {
    int before = 0;
    int after = 0;
    ASSERT_EQ(std::sscanf(events[n - 1].detail.c_str(), "attempt %d in", &before), 1);
    ASSERT_EQ(std::sscanf(events[n].detail.c_str(), "attempt %d in", &after), 1);
    EXPECT_GT(after, before);
  }
}

TEST_F(ReconnectionTest, ABrokerThatStopsIsTriedUntilItIsBack) {
  const auto broker = make_settled_broker();
  WatchedDevice device(quick_options(broker->tls_port()));
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  broker->kill();
  const auto event = device.wait_for(EventKind::disconnected);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->error, Condition::retry_later) << event->detail;
  ASSERT_TRUE(device.wait_for(EventKind::connect_failed, 2));
  broker->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected, 2));
  const auto delivery = device.wait_for_delivery(device.publish("t", "x"));
  ASSERT_TRUE(delivery);
  EXPECT_FALSE(delivery->error);
}

}  // namespace
}  // namespace holdfast::test
