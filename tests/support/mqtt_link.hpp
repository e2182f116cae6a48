#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "support/event_wait.hpp"

struct mosquitto;
struct mosquitto_message;
struct mqtt5__property;

namespace holdfast::test {

struct MqttLinkOptions {
  enum class Session { kFresh, kPersistent };

  std::uint16_t port = 0;  // Plain TCP on 127.0.0.1.
  std::string client_id{};
  std::string username{};  // Empty: anonymous.
  std::string password{};
  Session session = Session::kFresh;
};

// What a message tells besides its payload (MQTT 5, 3.3.2.3); what is empty is not sent.
struct MessageProperties {
  std::string content_type{};
  std::string response_topic{};
  std::string correlation_data{};
  std::optional<std::uint32_t> expiry_s{};
  std::vector<std::pair<std::string, std::string>> user_properties{};
};

// MqttLink is an MQTT 5 connection of libmosquitto, independent of the SDK, kept
// up by a thread of its own: what Subscriber and Publisher have in common. The
// callbacks run in that thread; set them before open().
class MqttLink {
 public:
  using Properties = ::mqtt5__property;

  explicit MqttLink(MqttLinkOptions options);
  ~MqttLink();
  MqttLink(const MqttLink&) = delete;
  MqttLink& operator=(const MqttLink&) = delete;

  // Each successful CONNACK.
  std::function<void()> on_connected;
  std::function<void(const ::mosquitto_message&, const Properties*)> on_message;
  std::function<void(int reason_code)> on_published;
  std::function<void(int reason_code)> on_subscribed;

  // Connects, starts the thread and returns after the first CONNACK. Throws
  // std::runtime_error when refused or later than `bound`.
  void open(std::chrono::milliseconds bound);
  // Ends with DISCONNECT; no callback runs afterwards. For the owner's destructor.
  void close();

  // A failure is told by the missing on_subscribed: this is called from callbacks,
  // and an exception must not run through the C library.
  void subscribe(const std::string& filter);
  // Throws std::runtime_error when libmosquitto does not take it.
  void publish(const std::string& topic, std::string_view payload, int qos, bool retain,
               const MessageProperties& properties = {});

  std::size_t connects() const { return connect_codes_.size(); }

 private:
  void keep_up();
  void pause_before_retry();
  static void set_callbacks(::mosquitto* client);

  const MqttLinkOptions options_;
  std::unique_ptr<::mosquitto, void (*)(::mosquitto*)> client_;
  EventLog<int> connect_codes_;
  std::mutex mutex_;
  std::condition_variable closing_changed_;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace holdfast::test
