#include "support/subscriber.hpp"

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <stdexcept>

namespace holdfast::test {
namespace {

constexpr int kFirstFailureCode = 0x80;  // MQTT 5, 2.4.

// libmosquitto gives a malloc'ed copy.
std::string take_text(char* text) {
  std::string copy = text == nullptr ? "" : text;
  std::free(text);
  return copy;
}

std::string text_of(const mosquitto_property* properties, int identifier) {
  char* text = nullptr;
  ::mosquitto_property_read_string(properties, identifier, &text, false);
  return take_text(text);
}

std::string correlation_data_of(const mosquitto_property* properties) {
  void* data = nullptr;
  std::uint16_t bytes = 0;
  ::mosquitto_property_read_binary(properties, MQTT_PROP_CORRELATION_DATA, &data, &bytes, false);
  std::string copy(static_cast<const char*>(data), bytes);
  std::free(data);
  return copy;
}

std::optional<std::uint32_t> expiry_of(const mosquitto_property* properties) {
  std::uint32_t seconds = 0;
  const auto* found = ::mosquitto_property_read_int32(properties, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL,
                                                      &seconds, false);
  return found == nullptr ? std::nullopt : std::optional(seconds);
}

std::vector<std::pair<std::string, std::string>> user_properties_of(
    const mosquitto_property* properties) {
  std::vector<std::pair<std::string, std::string>> pairs;
  bool skip_first = false;
  while (properties != nullptr) {
    char* name = nullptr;
    char* value = nullptr;
    properties = ::mosquitto_property_read_string_pair(properties, MQTT_PROP_USER_PROPERTY, &name,
                                                       &value, skip_first);
    if (properties != nullptr) pairs.emplace_back(take_text(name), take_text(value));
    skip_first = true;
  }
  return pairs;
}

ReceivedMessage received(const ::mosquitto_message& message, const mosquitto_property* properties) {
  return {.topic = message.topic,
          .payload = std::string(static_cast<const char*>(message.payload),
                                 static_cast<std::size_t>(message.payloadlen)),
          .qos = message.qos,
          .retain = message.retain,
          .content_type = text_of(properties, MQTT_PROP_CONTENT_TYPE),
          .response_topic = text_of(properties, MQTT_PROP_RESPONSE_TOPIC),
          .correlation_data = correlation_data_of(properties),
          .expiry_s = expiry_of(properties),
          .user_properties = user_properties_of(properties)};
}

}  // namespace

Subscriber::Subscriber(SubscriberOptions options, std::chrono::milliseconds bound)
    : link_({.port = options.port,
             .client_id = options.client_id,
             .username = options.username,
             .password = options.password,
             .session = MqttLinkOptions::Session::kPersistent}) {
  // On every connection, because a broker that was killed has lost the session.
  link_.on_connected = [this, filter = options.filter] { link_.subscribe(filter); };
  link_.on_subscribed = [this](int code) { subacks_.append(code); };
  link_.on_message = [this](const ::mosquitto_message& message,
                            const mosquitto_property* properties) {
    messages_.append(received(message, properties));
  };
  link_.open(bound);
  if (!subacks_.wait_for_count(1, bound)) throw std::runtime_error("no SUBACK in time");
  if (subacks_.all().front() < kFirstFailureCode) return;
  throw std::runtime_error("the broker refused to subscribe " + options.filter);
}

Subscriber::~Subscriber() {
  link_.close();
}

bool Subscriber::wait_for_count(std::size_t count, std::chrono::milliseconds bound) const {
  return messages_.wait_for_count(count, bound);
}

bool Subscriber::wait_for(const std::function<bool(const std::vector<ReceivedMessage>&)>& predicate,
                          std::chrono::milliseconds bound) const {
  return messages_.wait_for(predicate, bound);
}

bool Subscriber::wait_for_subscriptions(std::size_t count, std::chrono::milliseconds bound) const {
  return subacks_.wait_for_count(count, bound);
}

Publisher::Publisher(PublisherOptions options, std::chrono::milliseconds bound)
    : link_({.port = options.port,
             .client_id = options.client_id,
             .username = options.username,
             .password = options.password}) {
  link_.on_published = [this](int code) { acks_.append(code); };
  link_.open(bound);
}

Publisher::~Publisher() {
  link_.close();
}

void Publisher::publish(const std::string& topic, std::string_view payload, int qos, bool retain,
                        const MessageProperties& properties) {
  link_.publish(topic, payload, qos, retain, properties);
  const std::lock_guard lock(mutex_);
  ++published_;
}

bool Publisher::wait_acks(std::chrono::milliseconds bound) const {
  std::size_t published = 0;
  {
    const std::lock_guard lock(mutex_);
    published = published_;
  }
  if (!acks_.wait_for_count(published, bound)) return false;
  const std::vector<int> codes = acks_.all();
  const bool refused =
      std::any_of(codes.begin(), codes.end(), [](int code) { return code >= kFirstFailureCode; });
  if (refused) throw std::runtime_error("the broker refused a message");
  return true;
}

std::size_t count_in_log(const Mosquitto& broker, std::string_view text) {
  static std::atomic<unsigned> markers{0};
  const std::string name = "marker-" + std::to_string(++markers);
  const Publisher marker({.port = broker.plain_port(), .client_id = name});
  if (!broker.wait_log("as " + name + " (", kMqttBound)) {
    throw std::runtime_error("no " + name + " in the log:\n" + broker.log());
  }
  return broker.count_log(text);
}

}  // namespace holdfast::test
