#include "mqtt/client.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <variant>

#include <mqtt/async_client.h>
#include <asio/post.hpp>

#include <holdfast/limits.hpp>

#include "mqtt/paho_runtime.hpp"
#include "mqtt/reason.hpp"

namespace holdfast::mqtt_engine {
namespace {

namespace paho = ::mqtt;

// Notes from Paho's threads.
struct Ended {
  Failure why;
};
struct Subscribed {
  std::uint64_t id;
  int code;
};
using Note = std::variant<Granted, Ended, Subscribed, Message>;

// Collects notes on any thread and hands them over on the executor's, many in one turn.
class Mailbox : public std::enable_shared_from_this<Mailbox> {
 public:
  using Reader = std::function<void(Note&&)>;

  Mailbox(asio::any_io_executor executor, Reader reader)
      : executor_(std::move(executor)), reader_(std::move(reader)) {}

  void put(Note note) {
    const std::lock_guard lock(mutex_);
    if (!open_) return;
    notes_.push_back(std::move(note));
    if (notes_.size() == 1) asio::post(executor_, [self = shared_from_this()] { self->read(); });
  }

  // After this, `reader` is not called any more and the executor is not used.
  void close() {
    const std::lock_guard lock(mutex_);
    open_ = false;
    notes_.clear();
  }

 private:
  void read() {
    std::vector<Note> notes;
    {
      const std::lock_guard lock(mutex_);
      notes.swap(notes_);
    }
    for (Note& note : notes) {
      // The reader may close us: it runs on the thread that `close` is called on.
      if (open_) reader_(std::move(note));
    }
  }

  asio::any_io_executor executor_;
  Reader reader_;
  std::mutex mutex_;
  std::vector<Note> notes_;
  bool open_ = true;  // written under the mutex, and only on the executor's thread
};

constexpr std::chrono::seconds kDisposeBound{3};

template <class T>
std::optional<T> property(const paho::properties& properties, paho::property::code code) {
  if (!properties.contains(code)) return std::nullopt;
  return paho::get<T>(properties, code);
}

Granted read_connack(const paho::token& token) {
  const paho::connect_response response = token.get_connect_response();
  const paho::properties& properties = response.get_properties();
  Granted granted;
  granted.session_present = response.is_session_present();
  if (const auto keep_alive =
          property<std::uint16_t>(properties, paho::property::SERVER_KEEP_ALIVE)) {
    granted.server_keep_alive = std::chrono::seconds(*keep_alive);
  }
  if (const auto maximum = property<std::uint16_t>(properties, paho::property::RECEIVE_MAXIMUM)) {
    granted.receive_maximum = *maximum;
  }
  if (const auto size = property<std::uint32_t>(properties, paho::property::MAXIMUM_PACKET_SIZE)) {
    granted.maximum_packet_bytes = *size;
  }
  if (const auto retain = property<std::uint8_t>(properties, paho::property::RETAIN_AVAILABLE)) {
    granted.retain_available = *retain != 0;
  }
  if (const auto qos = property<std::uint8_t>(properties, paho::property::MAXIMUM_QOS)) {
    granted.maximum_qos = *qos == 0 ? Qos::at_most_once : Qos::at_least_once;
  }
  return granted;
}

}  // namespace

// What Paho knows, apart from the client: it outlives it until Paho is done.
class Client::Handle final : public Disposable {
 public:
  Handle(asio::any_io_executor executor, Login login, Mailbox::Reader reader)
      : login_(std::move(login)),
        mailbox_(std::make_shared<Mailbox>(std::move(executor), std::move(reader))) {}

  void silence() { mailbox_->close(); }

  void connect(std::uint16_t port) {
    const bool v5 = login_.version == MqttVersion::v5;
    const int version = v5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1;
    const std::string at = "127.0.0.1:" + std::to_string(port);
    client_ = std::make_unique<paho::async_client>("tcp://" + at, login_.client_id,
                                                   paho::create_options(version));
    client_->set_message_callback(
        [this](const paho::const_message_ptr& message) { arrived(*message); });
    client_->set_connection_lost_handler([this](const std::string& cause) {
      put(Ended{Failure(Errc::connection_lost,
                        "the connection ended" + (cause.empty() ? std::string() : ": " + cause))});
      closed();
    });
    client_->set_disconnected_handler([this](const paho::properties&, paho::ReasonCode reason) {
      put(Ended{explain_reason(reason, "the broker ended the session")});
      closed();  // Paho closes the socket right after this, under the lock that destruction takes
    });

    // Field by field, in place: a copied or moved connect_options of Paho C++ 1.2.0 points into the
    // original's properties. The original lives as long as the client.
    options_.set_mqtt_version(version);
    options_.set_http_proxy("http://" + at);  // the relay; see relay.hpp
    options_.set_keep_alive_interval(login_.keep_alive);
    options_.set_connect_timeout(login_.connack_timeout + std::chrono::seconds(1));
    if (!login_.username.empty()) options_.set_user_name(login_.username);
    if (!login_.password.empty()) options_.set_password(login_.password);
    if (v5) {
      options_.set_clean_start(false);
      properties_.add({paho::property::RECEIVE_MAXIMUM, limits::kReceiveMaximum});
      properties_.add({paho::property::MAXIMUM_PACKET_SIZE,
                       static_cast<std::int32_t>(limits::kMaxInboundPacketBytes)});
      if (login_.session_expiry.count() > 0) {
        properties_.add({paho::property::SESSION_EXPIRY_INTERVAL,
                         static_cast<std::int32_t>(login_.session_expiry.count())});
      }
      options_.set_properties(properties_);
    } else {
      // 3.1.1 knows only for ever and not at all.
      options_.set_clean_session(login_.session_expiry.count() == 0);
    }
    if (login_.will) set_will(*login_.will, v5);
    client_->connect(options_, nullptr, login_listener_);
  }

  void subscribe(std::uint64_t id, const std::string& filter, Qos qos, RetainHandling retain) {
    paho::subscribe_options options;
    if (login_.version == MqttVersion::v5) {
      options.set_retain_handling(static_cast<paho::subscribe_options::RetainHandling>(retain));
    }
    client_->subscribe(filter, static_cast<int>(qos), to_context(id), subscribe_listener_, options);
  }

  void disconnect() {
    if (client_ && client_->is_connected()) client_->disconnect(0, nullptr, disconnect_listener_);
  }

  void wait_closed() override {
    std::unique_lock lock(mutex_);
    if (client_) changed_.wait_for(lock, kDisposeBound, [this] { return closed_; });
  }

 private:
  // Paho hands a listener back the pointer that it was given: a number is all we need there.
  static void* to_context(std::uint64_t number) {
    return reinterpret_cast<void*>(static_cast<std::uintptr_t>(number));  // NOLINT
  }
  static std::uint64_t from_context(const paho::token& token) {
    return reinterpret_cast<std::uintptr_t>(token.get_user_context());
  }

  class Listener final : public paho::iaction_listener {
   public:
    using Callback = void (Handle::*)(const paho::token&, bool success);
    Listener(Handle& handle, Callback callback) : handle_(handle), callback_(callback) {}
    void on_success(const paho::token& token) override { (handle_.*callback_)(token, true); }
    void on_failure(const paho::token& token) override { (handle_.*callback_)(token, false); }

   private:
    Handle& handle_;
    Callback callback_;
  };

  // Nothing may be thrown into Paho's C code; a note that finds no memory is lost, and the
  // session's own bounds find out.
  void put(Note note) noexcept {
    try {
      mailbox_->put(std::move(note));
    } catch (...) {  // NOLINT(bugprone-empty-catch)
    }
  }

  void closed() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

  void on_login(const paho::token& token, bool success) {
    if (success) {
      try {
        put(read_connack(token));
      } catch (const std::exception& error) {
        put(Ended{
            Failure(Errc::protocol_error, std::string("unreadable CONNACK: ") + error.what())});
      }
      return;
    }
    const int code = token.get_return_code();
    // Paho C 1.3.12 tells CONNACK's reason as the return code, and leaves the reason code at 0.
    const int reason = std::max<int>(token.get_reason_code(), code);
    if (login_.version == MqttVersion::v5 && reason >= 0x80 && reason < 0xFF) {
      put(Ended{explain_reason(reason, "the broker refused the login")});
    } else if (login_.version == MqttVersion::v3_1_1 && code >= 1 && code <= 5) {
      put(Ended{explain_connack_3(code)});
    } else {
      put(Ended{Failure(Errc::connection_lost, "the broker ended the connection before CONNACK")});
    }
    closed();
  }

  void on_subscribe(const paho::token& token, bool success) {
    const int reason = token.get_reason_code();
    const int refused = reason >= 0x80 && reason < 0xFF ? reason : 0x80;
    put(Subscribed{from_context(token), success ? 0 : refused});
  }

  void on_disconnect(const paho::token&, bool) { closed(); }

  void arrived(const paho::message& message) {
    Message copy;
    copy.topic = message.get_topic();
    const auto& payload = message.get_payload();
    const auto bytes = std::as_bytes(std::span(payload.data(), payload.size()));
    copy.payload.assign(bytes.begin(), bytes.end());
    copy.qos = static_cast<Qos>(message.get_qos());
    copy.retain = message.is_retained() ? Retain::yes : Retain::no;
    put(std::move(copy));
  }

  void set_will(const Will& will, bool v5) {
    paho::will_options options(will.topic, will.payload.data(), will.payload.size(),
                               static_cast<int>(will.qos), will.retain == Retain::yes);
    if (v5 && will.delay.count() > 0) {
      paho::properties properties;
      properties.add(
          {paho::property::WILL_DELAY_INTERVAL, static_cast<std::int32_t>(will.delay.count())});
      options.set_properties(std::move(properties));
    }
    options_.set_will(options);
  }

  const Login login_;
  std::shared_ptr<Mailbox> mailbox_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool closed_ = false;
  Listener login_listener_{*this, &Handle::on_login};
  Listener subscribe_listener_{*this, &Handle::on_subscribe};
  Listener disconnect_listener_{*this, &Handle::on_disconnect};
  paho::properties properties_;
  paho::connect_options options_;
  std::unique_ptr<paho::async_client> client_;  // last: destroyed before what it points to
};

Client::Client(asio::any_io_executor executor, Login login, ClientEvents events)
    : events_(std::move(events)) {
  handle_ = std::make_unique<Handle>(std::move(executor), std::move(login), [this](Note&& note) {
    // Copies of the callbacks: one of them may destroy this client.
    std::visit(
        [this](auto& value) {
          using Value = std::remove_reference_t<decltype(value)>;
          if constexpr (std::is_same_v<Value, Granted>) {
            events_.logged_in(value);
          } else if constexpr (std::is_same_v<Value, Ended>) {
            const auto ended = events_.ended;
            ended(std::move(value.why));
          } else if constexpr (std::is_same_v<Value, Subscribed>) {
            events_.subscribed(value.id, value.code);
          } else {
            events_.arrived(std::move(value));
          }
        },
        note);
  });
}

Client::~Client() {
  handle_->silence();
  PahoRuntime::instance().dispose(std::move(handle_));
}

Failure Client::connect(std::uint16_t port) {
  try {
    handle_->connect(port);
    return {};
  } catch (const std::exception& error) {
    return {Errc::system_failure, std::string("Paho cannot connect: ") + error.what()};
  }
}

Failure Client::subscribe(std::uint64_t id, const std::string& filter, Qos qos,
                          RetainHandling retain) {
  try {
    handle_->subscribe(id, filter, qos, retain);
    return {};
  } catch (const std::exception& error) {
    return {Errc::connection_lost,
            std::string("Paho does not take the subscription: ") + error.what()};
  }
}

void Client::disconnect() {
  try {
    handle_->disconnect();
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch)
    // Paho has no connection any more: there is nothing to disconnect.
  }
}

}  // namespace holdfast::mqtt_engine
