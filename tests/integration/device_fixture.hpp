// What most integration tests need: a broker with a P-256 key, a backup key, and devices that write
// down their events.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <holdfast/device.hpp>

#include "support/event_wait.hpp"
#include "support/keys.hpp"
#include "support/mosquitto.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::test {

using namespace std::chrono_literals;

/// How long an event may take before a test fails: far above what any takes, also under a sanitizer
/// on a busy machine.
inline constexpr auto kBound = 30s;

/// A device with a record of its events and of what became of its messages.
class WatchedDevice {
 public:
  explicit WatchedDevice(Options options);

  Device& operator*() { return device_; }
  Device* operator->() { return &device_; }

  /// Waits for the nth event of this kind. @return empty after `bound`.
  std::optional<Event> wait_for(EventKind kind, std::size_t nth = 1,
                                std::chrono::milliseconds bound = kBound);
  std::vector<Event> events_of(EventKind kind) const;
  std::vector<Event> events() const { return events_.all(); }
  EventLog<Delivery>& deliveries() { return deliveries_; }

  /// Publishes and notes the delivery; the receipt must be good.
  MessageId publish(std::string_view topic, std::string_view text, PublishOptions options = {});
  bool wait_for_deliveries(std::size_t count);
  /// Waits for what became of this message. @return empty after `kBound`.
  std::optional<Delivery> wait_for_delivery(MessageId id);

  /// Notes every message on topics that match; to be waited for in `received()`.
  void collect(std::string_view filter, SubscribeOptions options = {});
  EventLog<Message>& received() { return received_; }

 private:
  EventLog<Event> events_;
  EventLog<Delivery> deliveries_;
  EventLog<Message> received_;
  Device device_;  // last: its handlers use the logs
};

/// The text of a message's payload.
std::string text_of(const Message& message);
/// True if one of the events says `text`.
bool any_says(const std::vector<Event>& events, std::string_view text);

class DeviceTest : public ::testing::Test {
 protected:
  DeviceTest();

  /// A mosquitto with the test's key on its TLS listener, and a plain listener for the test's own
  /// subscribers; started.
  std::unique_ptr<Mosquitto> make_broker(MosquittoOptions options = {});

  /// Options with the test's two pins and short waits.
  Options options_for(std::uint16_t port, std::string client_id = "device");

  TempDir dir_;
  Identity key_;
  Identity backup_;
};

}  // namespace holdfast::test
