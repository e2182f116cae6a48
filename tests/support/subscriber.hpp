#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/event_wait.hpp"
#include "support/mosquitto.hpp"
#include "support/mqtt_link.hpp"

namespace holdfast::test {

inline constexpr std::chrono::seconds kMqttBound{10};

struct ReceivedMessage {
  std::string topic;
  std::string payload;  // Bytes.
  int qos = 0;
  bool retain = false;
  std::string content_type{};  // Empty when not sent.
  std::string response_topic{};
  std::string correlation_data{};  // Bytes.
  std::optional<std::uint32_t> expiry_s{};
  std::vector<std::pair<std::string, std::string>> user_properties{};
};

struct SubscriberOptions {
  std::uint16_t port = 0;  // Plain listener on 127.0.0.1.
  std::string filter = "#";
  std::string client_id = "test-subscriber";
  std::string username{};
  std::string password{};
};

// Subscriber is a client that is not the SDK: it collects what a broker hands
// out for one filter (QoS 1). Its session is persistent and it connects again by
// itself, so it misses nothing across a restart of a broker with persistence;
// redelivered messages it collects again. Thread-safe.
class Subscriber {
 public:
  // Returns after the SUBACK; throws std::runtime_error otherwise.
  explicit Subscriber(SubscriberOptions options, std::chrono::milliseconds bound = kMqttBound);
  ~Subscriber();

  bool wait_for_count(std::size_t count, std::chrono::milliseconds bound) const;
  // `predicate` gets all messages so far.
  bool wait_for(const std::function<bool(const std::vector<ReceivedMessage>&)>& predicate,
                std::chrono::milliseconds bound) const;
  std::vector<ReceivedMessage> messages() const { return messages_.all(); }
  std::size_t count() const { return messages_.size(); }
  void clear() { messages_.clear(); }

  // wait_for_subscriptions(n): the n-th SUBACK has come; each connection brings
  // one, so 2 is "subscribed again after the first loss".
  bool wait_for_subscriptions(std::size_t count, std::chrono::milliseconds bound) const;

 private:
  EventLog<ReceivedMessage> messages_;
  EventLog<int> subacks_;
  MqttLink link_;  // Last: its thread ends before the logs do.
};

struct PublisherOptions {
  std::uint16_t port = 0;
  std::string client_id{};  // Empty: one made up by libmosquitto.
  std::string username{};
  std::string password{};
};

// Publisher is the sending counterpart. Its end does not wait: what was not yet
// sent is lost, so call wait_acks() before. Thread-safe.
class Publisher {
 public:
  // Returns after the CONNACK; throws std::runtime_error otherwise.
  explicit Publisher(PublisherOptions options, std::chrono::milliseconds bound = kMqttBound);
  ~Publisher();

  // Hands over to the library's thread; throws std::runtime_error when refused.
  void publish(const std::string& topic, std::string_view payload, int qos = 1, bool retain = false,
               const MessageProperties& properties = {});
  // True when all that was published is acknowledged (QoS 1) or sent (QoS 0)
  // within `bound`; throws std::runtime_error when the broker refused one.
  bool wait_acks(std::chrono::milliseconds bound) const;

 private:
  EventLog<int> acks_;
  mutable std::mutex mutex_;
  std::size_t published_ = 0;
  MqttLink link_;
};

// Lines with `text` that the broker, which lets anybody in, has logged up to now. Its log comes
// through a pipe, later than its packets: so a client "marker-N" is sent, and waited for in the
// log. Throws std::runtime_error when it does not come.
std::size_t count_in_log(const Mosquitto& broker, std::string_view text);

}  // namespace holdfast::test
