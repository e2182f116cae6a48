// Holdfast, by its public interface alone.

#include <holdfast/device.hpp>

#include "bench/harness.hpp"
#include "bench/wire/readings.hpp"
#include "bench/wire/ways.hpp"
#include "support/event_wait.hpp"
#include "wire_fix_generated.h"

namespace holdfast::bench::wire {
namespace {

using namespace std::chrono_literals;
using test::EventLog;

const SeriesOf<Fix>& declaration() {
  static const SeriesOf<Fix> series({.time_resolution = 1ms},
                                    {{"lat", &Fix::lat_e7, {.unit = "1e-7 deg"}},
                                     {"lon", &Fix::lon_e7, {.unit = "1e-7 deg"}},
                                     {"speed", &Fix::speed_cm_s, {.unit = "cm/s"}},
                                     {"heading", &Fix::heading_cdeg, {.unit = "0.01 deg"}},
                                     {"fuel", &Fix::fuel_permille, {.unit = "permille"}}});
  return series;
}

class Holdfast final : public Way {
 public:
  Holdfast(const Stage& stage, HoldfastSettings settings)
      : settings_(std::move(settings)),
        broker_port_(stage.broker->tls_port()),
        pin_(stage.broker_key.pin) {}

  void connect() override {
    Options options;
    options.broker = std::string("mqtts://") + kHost + ":" + std::to_string(broker_port_);
    options.client_id = kClientId;
    options.pins = {pin_};
    options.pin_count = PinCount::one_is_enough;
    options.state_dir = state_.path();
    if (settings_.impatient) {
      options.reachable_within = 10s;
      options.timeouts.response = 5s;
    }
    connected_.clear();
    device_ = std::make_unique<Device>(options);
    device_->on_event([this](const Event& event) {
      if (event.kind == EventKind::connected) connected_.append(1);
    });
    device_->start();
    if (!connected_.wait_for_count(1, kExchangeBound)) give_up("Holdfast does not connect");
    // The series is declared apart, so that its bytes are not taken for the set-up's.
    if (settings_.form == Form::series) {
      series_.emplace(
          device_->series(settings_.topic, declaration(), stream_options(), Declare::never));
    } else if (settings_.form == Form::flatbuffers) {
      stream_.emplace(device_->stream<flat::WireFix>(settings_.topic, stream_options()));
    }
  }

  void declare() override {
    if (settings_.form != Form::series) return;
    (void)device_->series(settings_.topic, declaration(), stream_options(), Declare::retained);
    if (device_->drain(kExchangeBound).undelivered > 0) give_up("the series is not declared");
  }

  void send() override {
    done_.clear();
    for (std::size_t i = 0; i < settings_.readings_a_message; ++i) {
      const Receipt receipt =
          push(drive_.next(), [this](const Delivery& delivery) { done_.append(delivery.error); });
      if (!receipt) give_up("Holdfast refuses a reading: " + receipt.detail);
    }
    // What the delay budget would do later.
    if (settings_.readings_a_message > 1 && device_->drain(kExchangeBound).undelivered > 0) {
      give_up("Holdfast does not deliver");
    }
    if (!done_.wait_for_count(settings_.readings_a_message, kExchangeBound)) {
      give_up("Holdfast does not deliver");
    }
    for (const auto& error : done_.all()) {
      if (error) give_up("Holdfast does not deliver: " + error.message());
    }
  }

  void disconnect() override {
    device_->stop(kExchangeBound);
    series_.reset();
    stream_.reset();
    device_.reset();
  }

  bool is_resumed() const override { return device_->status().tls_resumed; }

 private:
  std::chrono::milliseconds delay() const {
    const auto readings = static_cast<int>(settings_.readings_a_message);
    return readings > 1 ? readings * 30s : 0s;
  }
  StreamOptions stream_options() const {
    return {.qos = static_cast<Qos>(settings_.qos), .max_delay = delay()};
  }

  Receipt push(const Fix& fix, std::function<void(const Delivery&)> on_done) {
    const auto time = std::chrono::system_clock::time_point(std::chrono::milliseconds(fix.time_ms));
    switch (settings_.form) {
      case Form::series:
        return series_->push(fix, {.time = time, .on_done = std::move(on_done)});
      case Form::flatbuffers: {
        flat::WireFixT reading;
        reading.time = fix.time_ms;
        reading.lat = fix.lat_e7;
        reading.lon = fix.lon_e7;
        reading.speed = fix.speed_cm_s;
        reading.heading = fix.heading_cdeg;
        reading.fuel = fix.fuel_permille;
        return stream_->push(reading, {.on_done = std::move(on_done)});
      }
      case Form::opaque:
        break;
    }
    PublishOptions options{.qos = static_cast<Qos>(settings_.qos), .max_delay = delay()};
    options.on_done = std::move(on_done);
    return device_->publish(settings_.topic, as_payload(as_opaque(fix)), std::move(options));
  }

  HoldfastSettings settings_;
  std::uint16_t broker_port_;
  std::string pin_;
  test::TempDir state_;
  Drive drive_;
  EventLog<int> connected_;
  EventLog<std::error_code> done_;
  std::unique_ptr<Device> device_;  // after what its handlers use
  std::optional<SeriesStream<Fix>> series_;
  std::optional<Stream<flat::WireFix>> stream_;
};

}  // namespace

std::unique_ptr<Way> holdfast_way(const Stage& stage, const HoldfastSettings& settings) {
  return std::make_unique<Holdfast>(stage, settings);
}

}  // namespace holdfast::bench::wire
