#include "integration/device_fixture.hpp"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "support/subscriber.hpp"

namespace holdfast::test {

WatchedDevice::WatchedDevice(Options options) : device_(std::move(options)) {
  device_.on_event([this](const Event& event) {
    if (std::getenv("HOLDFAST_TEST_TRACE")) {
      std::cerr << to_string(event.kind) << ": " << event.error << " " << event.detail << "\n";
    }
    events_.append(event);
  });
}

std::vector<Event> WatchedDevice::events_of(EventKind kind) const {
  std::vector<Event> found;
  for (const Event& event : events_.all()) {
    if (event.kind == kind) found.push_back(event);
  }
  return found;
}

std::optional<Event> WatchedDevice::wait_for(EventKind kind, std::size_t nth,
                                             std::chrono::milliseconds bound) {
  std::optional<Event> found;
  events_.wait_for(
      [&](const std::vector<Event>& events) {
        std::size_t seen = 0;
        for (const Event& event : events) {
          if (event.kind == kind && ++seen == nth) found = event;
        }
        return found.has_value();
      },
      bound);
  return found;
}

MessageId WatchedDevice::publish(std::string_view topic, std::string_view text,
                                 PublishOptions options) {
  options.on_done = [this](const Delivery& delivery) { deliveries_.append(delivery); };
  const Receipt receipt = device_.publish(topic, as_payload(text), std::move(options));
  EXPECT_TRUE(receipt) << receipt.detail;
  return receipt.id;
}

bool WatchedDevice::wait_for_deliveries(std::size_t count) {
  return deliveries_.wait_for_count(count, kBound);
}

std::optional<Delivery> WatchedDevice::wait_for_delivery(MessageId id) {
  std::optional<Delivery> found;
  deliveries_.wait_for(
      [&](const std::vector<Delivery>& deliveries) {
        for (const Delivery& delivery : deliveries) {
          if (delivery.id == id) found = delivery;
        }
        return found.has_value();
      },
      kBound);
  return found;
}

void WatchedDevice::collect(std::string_view filter, SubscribeOptions options) {
  device_.subscribe(
      filter, [this](Message message) { received_.append(std::move(message)); }, options);
}

std::string text_of(const Message& message) {
  return std::string(as_text(message.payload));
}

bool any_says(const std::vector<Event>& events, std::string_view text) {
  return std::any_of(events.begin(), events.end(), [text](const Event& event) {
    return event.detail.find(text) != std::string::npos;
  });
}

DeviceTest::DeviceTest()
    : key_(self_signed(dir_, KeyType::p256, "localhost")),
      backup_(self_signed(dir_, KeyType::p256, "localhost")) {}

std::unique_ptr<Mosquitto> DeviceTest::make_broker(MosquittoOptions options) {
  if (!options.tls) options.tls = key_;
  auto broker = std::make_unique<Mosquitto>(std::move(options));
  broker->start();
  return broker;
}

Options DeviceTest::options_for(std::uint16_t port, std::string client_id) {
  Options options;
  options.broker = "mqtts://127.0.0.1:" + std::to_string(port);
  options.client_id = std::move(client_id);
  options.pins = {key_.pin, backup_.pin};
  options.backoff = {.base = 10ms, .cap = 200ms, .stable_after = 1s};
  return options;
}

}  // namespace holdfast::test
