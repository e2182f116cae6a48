#include "bench/contenders.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string_view>

#include <mqtt/async_client.h>
#include <holdfast/device.hpp>

#include "bench/harness.hpp"
#include "channel/wire_sample.hpp"

namespace holdfast::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kTopic = "bench";
constexpr auto kConnectBound = 30s;

class Holdfast final : public Contender {
 public:
  void connect(const Workload& workload) override {
    device_ = std::make_unique<Device>(holdfast_options(workload.target, "bench-holdfast"));
    device_->on_event([this](const Event& event) {
      if (event.kind != EventKind::connected) return;
      const std::lock_guard lock(mutex_);
      connected_ = true;
      changed_.notify_all();
    });
    device_->start();
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, kConnectBound, [this] { return connected_; }))
      give_up("no connection");
  }

  void publish_all(const Workload& workload) override {
    const std::string payload(workload.bytes, 'x');
    const PublishOptions options{.qos = static_cast<Qos>(workload.qos)};
    for (std::size_t i = 1; i < workload.messages; ++i) {
      if (const Receipt receipt = device_->publish(kTopic, as_payload(payload), options);
          !receipt) {
        give_up(receipt.detail);
      }
    }
    PublishOptions last{.qos = Qos::at_least_once};
    last.on_done = [this](const Delivery&) {
      const std::lock_guard lock(mutex_);
      done_ = true;
      changed_.notify_all();
    };
    if (const Receipt receipt = device_->publish(kTopic, as_payload(payload), last); !receipt) {
      give_up(receipt.detail);
    }
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return done_; });
  }

  std::uint64_t ip_bytes() override { return device_->ledger().ip_bytes(); }
  void disconnect() override { device_->stop(); }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool connected_ = false;
  bool done_ = false;
  std::unique_ptr<Device> device_;
};

class Paho final : public Contender {
 public:
  void connect(const Workload& workload) override {
    port_ = workload.target.port;
    client_ = std::make_unique<mqtt::async_client>(paho_address(workload.target), "bench-paho",
                                                   mqtt::create_options(MQTTVERSION_5, 10'000));
    auto options = paho_options(workload.target);
    options.set_max_inflight(100);
    client_->connect(options)->wait();
  }

  void publish_all(const Workload& workload) override {
    const std::string payload(workload.bytes, 'x');
    const std::string topic(kTopic);
    // More unfinished publishes than this make Paho slower, because it counts them at each call.
    constexpr std::size_t kWindow = 90;
    std::deque<mqtt::delivery_token_ptr> pending;
    for (std::size_t i = 1; i < workload.messages; ++i) {
      if (pending.size() >= kWindow) {
        pending.front()->wait();
        pending.pop_front();
      }
      pending.push_back(
          client_->publish(topic, payload.data(), payload.size(), workload.qos, false));
    }
    for (const auto& token : pending) token->wait();
    client_->publish(topic, payload.data(), payload.size(), 1, false)->wait();
  }

  std::uint64_t ip_bytes() override {
    for (int descriptor = 0; descriptor < 256; ++descriptor) {
      sockaddr_in peer{};
      socklen_t size = sizeof peer;
      if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &size) == 0 &&
          peer.sin_family == AF_INET && ntohs(peer.sin_port) == port_) {
        if (const auto wire = channel::bill_wire(descriptor, false)) return wire->ip_bytes();
      }
    }
    give_up("Paho's socket was not found");
  }

  void disconnect() override { client_->disconnect()->wait(); }

 private:
  std::uint16_t port_ = 0;
  std::unique_ptr<mqtt::async_client> client_;
};

}  // namespace

Options holdfast_options(const Target& target, const std::string& client_id) {
  Options options;
  options.broker = "mqtts://127.0.0.1:" + std::to_string(target.port);
  options.client_id = client_id;
  options.pins = {target.pin};
  options.pin_count = PinCount::one_is_enough;
  options.session_expiry = 0s;
  return options;
}

mqtt::connect_options paho_options(const Target& target) {
  mqtt::ssl_options ssl;
  ssl.set_trust_store(target.certificate);
  ssl.set_verify(true);
  mqtt::connect_options options;
  options.set_mqtt_version(MQTTVERSION_5);
  options.set_clean_start(true);
  options.set_ssl(ssl);
  return options;
}

std::string paho_address(const Target& target) {
  return "ssl://localhost:" + std::to_string(target.port);
}

std::unique_ptr<Contender> make_contender(const std::string& name) {
  if (name == "holdfast") return std::make_unique<Holdfast>();
  if (name == "paho") return std::make_unique<Paho>();
  give_up("unknown contender " + name + "; holdfast and paho are known");
}

}  // namespace holdfast::bench
