#include "bench/clients/mosquitto_client.hpp"

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include <chrono>
#include <memory>
#include <utility>

#include "bench/clients/client.hpp"
#include "bench/clients/gate.hpp"
#include "channel/wire_sample.hpp"
#include "support/event_wait.hpp"

namespace holdfast::bench {

using namespace std::chrono_literals;

MosquittoClient::MosquittoClient(const Target& target, MosquittoUse use) : use_(std::move(use)) {
  mosquitto_lib_init();
  client_ = mosquitto_new(use_.client_id.c_str(), use_.clean, this);
  mosquitto_int_option(client_, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
  mosquitto_max_inflight_messages_set(client_, use_.inflight);
  mosquitto_tls_set(client_, target.certificate.c_str(), nullptr, nullptr, nullptr, nullptr);
  mosquitto_tls_insecure_set(client_, true);  // the name; the key is in the trust store
  mosquitto_connect_callback_set(client_, [](mosquitto* client, void* context, int code) {
    auto& self = *static_cast<MosquittoClient*>(context);
    if (code == 0 && !self.use_.subscribe_to.empty()) {
      mosquitto_subscribe(client, nullptr, self.use_.subscribe_to.c_str(), 1);
    }
    if (code == 0) self.up_.append(code);
  });
  mosquitto_publish_callback_set(client_, [](mosquitto*, void* context, int) {
    auto& self = *static_cast<MosquittoClient*>(context);
    if (self.use_.on_done) self.use_.on_done();
  });
  if (mosquitto_connect(client_, target.address.c_str(), target.port, use_.keep_alive_s) !=
          MOSQ_ERR_SUCCESS ||
      mosquitto_loop_start(client_) != MOSQ_ERR_SUCCESS || !up_.wait_for_count(1, 30s)) {
    give_up("libmosquitto did not connect");
  }
}

MosquittoClient::~MosquittoClient() {
  mosquitto_disconnect(client_);
  mosquitto_loop_stop(client_, false);
  mosquitto_destroy(client_);
}

void MosquittoClient::publish(const char* topic, std::string_view payload, int qos) {
  const int result = mosquitto_publish(client_, nullptr, topic, static_cast<int>(payload.size()),
                                       payload.data(), qos, false);
  // It says that it has no connection, and keeps a message of QoS 1 all the same.
  const bool kept = result == MOSQ_ERR_NO_CONN && qos > 0;
  if (result != MOSQ_ERR_SUCCESS && !kept) {
    give_up(std::string("libmosquitto does not publish: ") + mosquitto_strerror(result));
  }
}

int MosquittoClient::socket() const {
  return mosquitto_socket(client_);
}

namespace {

// Messages under way on the line, as many as the broker takes; and those that it may hold besides,
// without which its thread would be woken for each. Tried were 20, 45, 90, 200 and 1,000: the more,
// the less CPU for a message.
constexpr unsigned kInflight = 100;
constexpr std::size_t kWindow = 1'000;

class Contender final : public Client {
 public:
  explicit Contender(Use use)
      : use_(std::move(use)),
        gate_(use_.comes_back ? 0 : (use_.window > 0 ? use_.window : kWindow)) {}

  void connect(const Target& target) override {
    MosquittoUse how;
    if (use_.comes_back) {
      how.clean = false;
      how.on_done = use_.on_acknowledged;
    } else {
      how.inflight = kInflight;
      how.on_done = [this] { gate_.done(); };
    }
    if (use_.reachable) how.subscribe_to = "bench/reach";
    client_ = std::make_unique<MosquittoClient>(target, std::move(how));
  }

  void wait_for_room() override { gate_.wait_for_room(); }

  void publish(std::string_view payload, int qos) override {
    if (!use_.comes_back) gate_.published();
    client_->publish(kTopic, payload, qos);
  }

  void finish(std::string_view payload) override {
    publish(payload, 1);
    gate_.wait_for_all();
  }

  std::uint64_t ip_bytes() override {
    const auto wire = channel::bill_wire(client_->socket(), false);
    if (!wire) give_up("this kernel does not tell what a connection has cost");
    return wire->ip_bytes();
  }

  void disconnect() override { client_.reset(); }

 private:
  Use use_;
  Gate gate_;
  std::unique_ptr<MosquittoClient> client_;
};

}  // namespace

std::unique_ptr<Client> make_mosquitto(Use use) {
  return std::make_unique<Contender>(std::move(use));
}

}  // namespace holdfast::bench
