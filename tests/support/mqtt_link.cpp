#include "support/mqtt_link.hpp"

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include <limits>
#include <stdexcept>
#include <vector>

namespace holdfast::test {
namespace {

constexpr int kKeepAliveSeconds = 60;
constexpr int kLoopMilliseconds = 100;
constexpr std::chrono::milliseconds kRetryPause{20};

// libmosquitto has global state of its own and is not thread-safe in setting it
// up; a local static is.
void init_library() {
  struct Library {
    Library() { ::mosquitto_lib_init(); }
    ~Library() { ::mosquitto_lib_cleanup(); }
  };
  static const Library kLibrary;
}

void check(int code, const char* step) {
  if (code == MOSQ_ERR_SUCCESS) return;
  throw std::runtime_error(std::string("libmosquitto ") + step + ": " + ::mosquitto_strerror(code));
}

::mosquitto* make_client(const MqttLinkOptions& options, void* owner) {
  init_library();
  const bool clean = options.session == MqttLinkOptions::Session::kFresh;
  const char* const id = options.client_id.empty() ? nullptr : options.client_id.c_str();
  ::mosquitto* const client = ::mosquitto_new(id, clean, owner);
  if (client == nullptr) throw std::runtime_error("mosquitto_new failed");
  return client;
}

bool first_was_refused(const std::vector<int>& connect_codes) {
  return !connect_codes.empty() && connect_codes.front() != 0;
}

MqttLink& link_of(void* owner) {
  return *static_cast<MqttLink*>(owner);
}

}  // namespace

MqttLink::MqttLink(MqttLinkOptions options)
    : options_(std::move(options)), client_(make_client(options_, this), ::mosquitto_destroy) {
  ::mosquitto* const client = client_.get();
  check(::mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5), "version");
  check(::mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1), "TCP_NODELAY");
  check(::mosquitto_max_inflight_messages_set(client, 0), "max inflight");
  // Makes publish() of another thread wake the loop.
  check(::mosquitto_threaded_set(client, true), "threaded");
  if (!options_.username.empty()) {
    check(::mosquitto_username_pw_set(client, options_.username.c_str(), options_.password.c_str()),
          "password");
  }
  set_callbacks(client);
}

MqttLink::~MqttLink() {
  close();
}

void MqttLink::set_callbacks(::mosquitto* client) {
  ::mosquitto_connect_v5_callback_set(
      client, [](::mosquitto*, void* owner, int code, int, const mosquitto_property*) {
        MqttLink& link = link_of(owner);
        if (code == 0 && link.on_connected) link.on_connected();
        link.connect_codes_.append(code);
      });
  ::mosquitto_message_v5_callback_set(
      client, [](::mosquitto*, void* owner, const ::mosquitto_message* message,
                 const mosquitto_property* properties) {
        if (link_of(owner).on_message) link_of(owner).on_message(*message, properties);
      });
  ::mosquitto_publish_v5_callback_set(
      client, [](::mosquitto*, void* owner, int, int code, const mosquitto_property*) {
        if (link_of(owner).on_published) link_of(owner).on_published(code);
      });
  ::mosquitto_subscribe_v5_callback_set(client, [](::mosquitto*, void* owner, int, int count,
                                                   const int* codes, const mosquitto_property*) {
    if (link_of(owner).on_subscribed) link_of(owner).on_subscribed(count > 0 ? codes[0] : 0x80);
  });
}

void MqttLink::open(std::chrono::milliseconds bound) {
  mosquitto_property* properties = nullptr;
  if (options_.session == MqttLinkOptions::Session::kPersistent) {
    // MQTT 5, 3.1.2.11.2: the highest value means that the session never expires.
    check(::mosquitto_property_add_int32(&properties, MQTT_PROP_SESSION_EXPIRY_INTERVAL,
                                         std::numeric_limits<std::uint32_t>::max()),
          "session expiry");
  }
  const int code = ::mosquitto_connect_bind_v5(client_.get(), "127.0.0.1", options_.port,
                                               kKeepAliveSeconds, nullptr, properties);
  ::mosquitto_property_free_all(&properties);
  check(code, "connect");
  thread_ = std::thread([this] { keep_up(); });
  if (!connect_codes_.wait_for_count(1, bound)) throw std::runtime_error("no CONNACK in time");
  const int first = connect_codes_.all().front();
  if (first == 0) return;
  throw std::runtime_error(std::string("the broker refused: ") + ::mosquitto_reason_string(first));
}

void MqttLink::close() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  closing_changed_.notify_all();
  ::mosquitto_disconnect(client_.get());
  thread_.join();
}

// In place of mosquitto_loop_start(), which waits whole seconds before it
// connects again.
void MqttLink::keep_up() {
  while (true) {
    const int code = ::mosquitto_loop(client_.get(), kLoopMilliseconds, 1);
    {
      const std::lock_guard lock(mutex_);
      if (closing_) return;
    }
    if (code == MOSQ_ERR_SUCCESS) continue;
    // A client that was refused at the door (open() throws) must not knock again.
    if (connect_codes_.wait_for(first_was_refused, std::chrono::milliseconds(0))) return;
    pause_before_retry();
    ::mosquitto_reconnect(client_.get());  // A failure shows in the next loop.
  }
}

void MqttLink::pause_before_retry() {
  std::unique_lock lock(mutex_);
  closing_changed_.wait_for(lock, kRetryPause, [this] { return closing_; });
}

void MqttLink::subscribe(const std::string& filter) {
  // A renewed subscription of a kept session must not bring the retained
  // messages a second time.
  ::mosquitto_subscribe_v5(client_.get(), nullptr, filter.c_str(), 1, MQTT_SUB_OPT_SEND_RETAIN_NEW,
                           nullptr);
}

void MqttLink::publish(const std::string& topic, std::string_view payload, int qos, bool retain,
                       const MessageProperties& properties) {
  mosquitto_property* list = nullptr;
  const auto add_text = [&list](int identifier, const std::string& text) {
    if (text.empty()) return;
    check(::mosquitto_property_add_string(&list, identifier, text.c_str()), "property");
  };
  add_text(MQTT_PROP_CONTENT_TYPE, properties.content_type);
  add_text(MQTT_PROP_RESPONSE_TOPIC, properties.response_topic);
  if (const std::string& data = properties.correlation_data; !data.empty()) {
    check(::mosquitto_property_add_binary(&list, MQTT_PROP_CORRELATION_DATA, data.data(),
                                          static_cast<std::uint16_t>(data.size())),
          "correlation data");
  }
  if (properties.expiry_s) {
    check(::mosquitto_property_add_int32(&list, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL,
                                         *properties.expiry_s),
          "expiry");
  }
  for (const auto& [name, value] : properties.user_properties) {
    check(::mosquitto_property_add_string_pair(&list, MQTT_PROP_USER_PROPERTY, name.c_str(),
                                               value.c_str()),
          "user property");
  }
  const int code =
      ::mosquitto_publish_v5(client_.get(), nullptr, topic.c_str(),
                             static_cast<int>(payload.size()), payload.data(), qos, retain, list);
  ::mosquitto_property_free_all(&list);
  check(code, "publish");
}

}  // namespace holdfast::test
