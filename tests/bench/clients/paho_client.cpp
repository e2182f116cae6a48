#include <deque>
#include <memory>
#include <string>
#include <utility>

#include <mqtt/async_client.h>

#include "bench/clients/client.hpp"

namespace holdfast::bench {
namespace {

// More unfinished publishes than this make Paho slower, because it counts them at each call.
constexpr std::size_t kWindow = 90;

class PahoClient final : public Client, private mqtt::iaction_listener {
 public:
  explicit PahoClient(Use use) : use_(std::move(use)) {
    if (use_.window == 0) use_.window = kWindow;
  }

  void connect(const Target& target) override {
    port_ = target.port;
    auto options = paho_options(target);
    mqtt::create_options made(MQTTVERSION_5, 10'000);
    if (use_.comes_back) {
      made = mqtt::create_options(MQTTVERSION_5);  // and its own bound of 100 for what waits
      made.set_send_while_disconnected(true);
      options.set_automatic_reconnect(true);
      options.set_clean_start(false);
      options.set_properties({{mqtt::property::SESSION_EXPIRY_INTERVAL, 3'600}});
    } else {
      options.set_max_inflight(100);
    }
    client_ = std::make_unique<mqtt::async_client>(paho_address(target), "bench-paho", made);
    client_->connect(options)->wait();
    if (use_.reachable) client_->subscribe("bench/reach", 1)->wait();
  }

  void wait_for_room() override {
    if (use_.comes_back || pending_.size() < use_.window) return;
    pending_.front()->wait();
    pending_.pop_front();
  }

  void publish(std::string_view payload, int qos) override {
    if (use_.comes_back) {
      try {
        client_->publish(topic_, payload.data(), payload.size(), qos, false, nullptr, *this);
      } catch (const mqtt::exception&) {
        // Its buffer is full: whoever counts what has arrived sees it.
      }
      return;
    }
    pending_.push_back(client_->publish(topic_, payload.data(), payload.size(), qos, false));
  }

  void finish(std::string_view payload) override {
    publish(payload, 1);
    for (const auto& token : pending_) token->wait();
    pending_.clear();
  }

  std::uint64_t ip_bytes() override { return ip_bytes_of_port(port_); }
  void disconnect() override { client_->disconnect()->wait(); }

 private:
  void on_success(const mqtt::token&) override { use_.on_acknowledged(); }
  void on_failure(const mqtt::token&) override {}

  Use use_;
  const std::string topic_ = kTopic;
  std::uint16_t port_ = 0;
  std::unique_ptr<mqtt::async_client> client_;
  std::deque<mqtt::delivery_token_ptr> pending_;
};

}  // namespace

std::unique_ptr<Client> make_paho(Use use) {
  return std::make_unique<PahoClient>(std::move(use));
}

}  // namespace holdfast::bench
