// A device that may be traced, at a broker that wants a password.

#pragma once

#include <holdfast/device.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "cli/cli_fixture.hpp"
#include "support/capture_file.hpp"
#include "support/event_wait.hpp"

namespace holdfast::test {

class TraceCliTest : public BrokerCliTest {
 protected:
  static constexpr const char* kUser = "the-driver";
  static constexpr const char* kPassword = "hunter2-and-more";

  struct Watched {
    EventLog<Event> events;
    EventLog<Delivery> deliveries;
    Device device;  // last: its handlers use the logs

    explicit Watched(Options options) : device(std::move(options)) {
      device.on_event([this](const Event& event) { events.append(event); });
    }
    bool wait_for(EventKind kind, std::size_t count = 1) const {
      return events.wait_for(
          [&](const std::vector<Event>& all) {
            return static_cast<std::size_t>(std::count_if(
                       all.begin(), all.end(),
                       [kind](const Event& event) { return event.kind == kind; })) >= count;
          },
          kBound);
    }
    /// Publishes and waits for the acknowledgement.
    bool deliver(std::string_view topic, std::string_view text) {
      const std::size_t before = deliveries.size();
      const auto receipt = device.publish(
          topic, std::as_bytes(std::span(text.data(), text.size())),
          {.on_done = [this](const Delivery& delivery) { deliveries.append(delivery); }});
      return !receipt.error && deliveries.wait_for_count(before + 1, kBound);
    }
  };

  std::unique_ptr<Mosquitto> make_strict_broker() {
    return make_broker({.allow_anonymous = false, .users = {{kUser, kPassword}}});
  }

  Options options_for(std::uint16_t port) const {
    Options options;
    options.broker = "mqtts://127.0.0.1:" + std::to_string(port);
    options.client_id = "truck-17";
    options.pins = {key_.pin, backup_.pin};
    options.state_dir = path("state");
    options.username = kUser;
    options.password = kPassword;
    options.allow_trace = true;
    options.backoff = {.base = std::chrono::milliseconds(10),
                       .cap = std::chrono::milliseconds(100)};
    return options;
  }

  std::unique_ptr<Watched> start_device(Options options) {
    auto watched = std::make_unique<Watched>(std::move(options));
    watched->device.start();
    EXPECT_TRUE(watched->wait_for(EventKind::connected));
    return watched;
  }

  /// `trace --state-dir state WORDS…`, begun.
  std::unique_ptr<Process> start_trace(Watched& watched, Words words) {
    words.insert(words.begin(), {"trace", "--state-dir", "state"});
    auto process = start_cli(words);
    EXPECT_TRUE(watched.wait_for(EventKind::trace_began, ++begun_)) << process->output();
    return process;
  }

  CaptureFile capture(const std::string& name) { return read_capture(content(name)); }

  std::size_t begun_ = 0;
};

}  // namespace holdfast::test
