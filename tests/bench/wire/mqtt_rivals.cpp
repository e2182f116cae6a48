// libmosquitto and Paho C++ with their own TLS, in the version of MQTT that they speak unless told
// otherwise (3.1.1), and with a session that ends with the connection.

#include <mosquitto.h>
#include <mqtt/async_client.h>

#include "bench/harness.hpp"
#include "bench/wire/readings.hpp"
#include "bench/wire/ways.hpp"
#include "support/event_wait.hpp"

namespace holdfast::bench::wire {
namespace {

std::string payload_of(Drive& drive, bool json) {
  const Fix fix = drive.next();
  return json ? as_json(fix) : as_opaque(fix);
}

class Libmosquitto final : public Way {
 public:
  Libmosquitto(const Stage& stage, const MqttSettings& settings)
      : settings_(settings),
        port_(stage.broker->tls_port()),
        trust_(stage.broker_key.cert_file.string()) {
    mosquitto_lib_init();
  }
  ~Libmosquitto() override { end(); }

  void connect() override {
    client_ = mosquitto_new(kClientId, true, this);
    mosquitto_tls_set(client_, trust_.c_str(), nullptr, nullptr, nullptr, nullptr);
    mosquitto_connect_callback_set(client_, [](mosquitto*, void* self, int code) {
      static_cast<Libmosquitto*>(self)->connected_.append(code);
    });
    mosquitto_publish_callback_set(client_, [](mosquitto*, void* self, int id) {
      static_cast<Libmosquitto*>(self)->published_.append(id);
    });
    mosquitto_disconnect_callback_set(client_, [](mosquitto*, void* self, int code) {
      static_cast<Libmosquitto*>(self)->disconnected_.append(code);
    });
    connected_.clear();
    if (mosquitto_connect(client_, kHost, port_, settings_.keep_alive_s) != MOSQ_ERR_SUCCESS ||
        mosquitto_loop_start(client_) != MOSQ_ERR_SUCCESS ||
        !connected_.wait_for_count(1, kExchangeBound) || connected_.all().front() != 0) {
      give_up("libmosquitto does not connect");
    }
  }

  void send() override {
    const std::string payload = payload_of(drive_, settings_.json);
    published_.clear();
    const int size = static_cast<int>(payload.size());
    if (mosquitto_publish(client_, nullptr, kTopic, size, payload.data(), settings_.qos, false) !=
            MOSQ_ERR_SUCCESS ||
        !published_.wait_for_count(1, kExchangeBound)) {
      give_up("libmosquitto does not publish");
    }
  }

  void disconnect() override {
    disconnected_.clear();
    mosquitto_disconnect(client_);
    // Not told by a client that has just lost its connection, whose loop then goes on for ever.
    (void)disconnected_.wait_for_count(1, kGoodbyeBound);
    end();
  }

 private:
  static constexpr auto kGoodbyeBound = std::chrono::seconds(15);

  void end() {
    if (client_ == nullptr) return;
    mosquitto_loop_stop(client_, true);
    mosquitto_destroy(client_);
    client_ = nullptr;
  }

  MqttSettings settings_;
  std::uint16_t port_;
  std::string trust_;
  Drive drive_;
  mosquitto* client_ = nullptr;
  test::EventLog<int> connected_;
  test::EventLog<int> disconnected_;
  test::EventLog<int> published_;
};

class Paho final : public Way {
 public:
  Paho(const Stage& stage, const MqttSettings& settings)
      : settings_(settings),
        port_(stage.broker->tls_port()),
        trust_(stage.broker_key.cert_file.string()) {}

  void connect() override {
    client_ = std::make_unique<mqtt::async_client>(
        std::string("ssl://") + kHost + ":" + std::to_string(port_), kClientId);
    mqtt::ssl_options ssl;
    ssl.set_trust_store(trust_);
    ssl.set_verify(true);
    mqtt::connect_options options;
    options.set_clean_session(true);
    options.set_keep_alive_interval(settings_.keep_alive_s);
    options.set_ssl(ssl);
    client_->connect(options)->wait();
  }

  void send() override {
    const std::string payload = payload_of(drive_, settings_.json);
    client_->publish(kTopic, payload.data(), payload.size(), settings_.qos, false)->wait();
  }

  void disconnect() override {
    client_->disconnect()->wait();
    client_.reset();
  }

 private:
  MqttSettings settings_;
  std::uint16_t port_;
  std::string trust_;
  Drive drive_;
  std::unique_ptr<mqtt::async_client> client_;
};

}  // namespace

std::unique_ptr<Way> libmosquitto_way(const Stage& stage, const MqttSettings& settings) {
  return std::make_unique<Libmosquitto>(stage, settings);
}

std::unique_ptr<Way> paho_way(const Stage& stage, const MqttSettings& settings) {
  return std::make_unique<Paho>(stage, settings);
}

}  // namespace holdfast::bench::wire
