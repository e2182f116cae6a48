#include <algorithm>
#include <memory>
#include <utility>

#include <holdfast/device.hpp>

#include "bench/clients/client.hpp"
#include "bench/clients/gate.hpp"
#include "support/event_wait.hpp"

namespace holdfast::bench {
namespace {

using namespace std::chrono_literals;

// Bytes that may wait in its outbox: enough that it is never empty, and less than its bound.
constexpr std::size_t kWaitingBytes = std::size_t{4} << 20U;

std::size_t window_of(const Use& use) {
  if (use.comes_back) return 0;
  if (use.window > 0) return use.window;
  return std::clamp<std::size_t>(kWaitingBytes / std::max<std::size_t>(use.bytes, 1), 64, 16'384);
}

class HoldfastClient final : public Client {
 public:
  explicit HoldfastClient(Use use)
      : use_(std::move(use)),
        window_(window_of(use_)),
        gate_(window_),
        stride_(std::max<std::size_t>(window_ / 8, 1)) {}

  void connect(const Target& target) override {
    Options options = holdfast_options(target, "bench-holdfast");
    if (use_.comes_back) options.session_expiry = Options().session_expiry;
    device_ = std::make_unique<Device>(std::move(options));
    test::EventLog<EventKind> events;
    device_->on_event([&events](const Event& event) { events.append(event.kind); });
    if (use_.reachable) device_->subscribe("bench/reach", [](const Message&) {});
    const EventKind up = use_.reachable ? EventKind::subscribed : EventKind::connected;
    device_->start();
    if (!events.wait_for(
            [up](const auto& kinds) {
              return std::find(kinds.begin(), kinds.end(), up) != kinds.end();
            },
            30s)) {
      give_up("no connection");
    }
    device_->on_event({});
  }

  void wait_for_room() override { gate_.wait_for_room(); }

  void publish(std::string_view payload, int qos) override {
    PublishOptions options{.qos = static_cast<Qos>(qos)};
    if (use_.comes_back) {
      options.on_done = [this](const Delivery& delivery) {
        if (!delivery.error) use_.on_acknowledged();
      };
    } else if (++since_told_ == stride_) {
      // They are done in order, so one of many tells of all before it.
      gate_.published(std::exchange(since_told_, 0));
      options.on_done = [this, count = stride_](const Delivery&) { gate_.done(count); };
    }
    accept(device_->publish(kTopic, as_payload(payload), std::move(options)));
  }

  void finish(std::string_view payload) override {
    gate_.published();
    PublishOptions last{.qos = Qos::at_least_once};
    last.on_done = [this](const Delivery&) { gate_.done(); };
    accept(device_->publish(kTopic, as_payload(payload), std::move(last)));
    gate_.wait_for_all();
  }

  std::uint64_t ip_bytes() override { return device_->ledger().ip_bytes(); }
  void disconnect() override { device_->stop(); }

 private:
  static void accept(const Receipt& receipt) {
    if (!receipt) give_up(receipt.detail);
  }

  Use use_;
  std::size_t window_;
  Gate gate_;
  std::size_t stride_;
  std::size_t since_told_ = 0;
  std::unique_ptr<Device> device_;
};

}  // namespace

std::unique_ptr<Client> make_holdfast(Use use) {
  return std::make_unique<HoldfastClient>(std::move(use));
}

}  // namespace holdfast::bench
