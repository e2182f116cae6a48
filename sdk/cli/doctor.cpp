// holdfast doctor: goes the way to a broker step by step, and tells what is wrong and what costs
// more than it has to.

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include <holdfast/device.hpp>
#include <holdfast/limits.hpp>

#include "command.hpp"
#include "connection.hpp"
#include "crypto/random.hpp"
#include "device/check_options.hpp"
#include "doctor_certificate.hpp"
#include "doctor_device.hpp"
#include "doctor_path.hpp"
#include "doctor_report.hpp"
#include "doctor_session.hpp"
#include "doctor_step.hpp"
#include "look_at_server.hpp"
#include "mqtt/topic.hpp"

namespace holdfast::cli {
namespace {

using std::chrono::steady_clock;

struct DoctorOptions {
  Connection connection{.command = "doctor", .timeout = "60s"};
  std::string topic = "holdfast/doctor";
  std::string state_dir;  // of the device that this is about; empty: of none
  bool json = false;
};

// The broker by the address that was found, so that no name is looked up again.
channel::BrokerUrl at(const asio::ip::tcp::endpoint& endpoint) {
  return {.host = endpoint.address().to_string(), .port = endpoint.port(), .is_ip_literal = true};
}

// A pin that no key has, so that whatever is shown is refused: settings are never without one.
std::string pin_of_nobody() {
  pinning::Pin pin;
  crypto::fill_with_random(pin.digest);
  return pin.text();
}

// Without a pin nobody vouches for the broker: its key is looked at and nothing is said to it.
device::Settings settings_of(const Connection& connection) {
  Options options = to_options(connection);
  if (connection.pins.empty()) {
    options.pins = {pin_of_nobody()};
    options.pin_count = PinCount::one_is_enough;
    options.trust = TrustMode::pinned;
    options.ca_file.clear();
  }
  return device::check_options(std::move(options));
}

class Doctor {
 public:
  explicit Doctor(const DoctorOptions& options)
      : options_(options),
        settings_(settings_of(options.connection)),
        trust_(options.connection.pins.empty() ? Trust::nobody : Trust::pins),
        deadline_(
            deadline_of(options.connection).value_or(steady_clock::now() + std::chrono::hours(24))),
        report_(options.json ? Report::Form::json : Report::Form::table,
                1 + settings_.fallbacks.size()) {
    if (const auto why = mqtt_engine::why_not_topic(options.topic); !why.empty()) {
      refuse("--topic cannot work", options.topic, why);
    }
  }

  int run() {
    if (!options_.state_dir.empty()) ask_about_device(options_.state_dir, report_);
    std::size_t left = 1 + settings_.fallbacks.size();
    examine(settings_.broker, left);
    for (const auto& fallback : settings_.fallbacks) examine(fallback.broker, --left);
    report_.begin_host();
    look_at_host(report_);
    return report_.finish();
  }

 private:
  // One that is silent must not use up the time of the others.
  void examine(const channel::BrokerUrl& broker, std::size_t left) {
    const auto now = steady_clock::now();
    const Deadline deadline = now + (deadline_ - now) / static_cast<int>(left);
    ExitCode code = kDone;
    report_.begin_broker("mqtts://" + broker.text());
    try {
      const auto addresses = find_routes(find_addresses(broker, settings_.reach, deadline, report_),
                                         settings_.reach.network_interface, report_);
      go_the_way(broker, addresses, deadline);
    } catch (const StepFailed& failed) {
      code = failed.code;
    }
    report_.end_broker(code);
  }

  void go_the_way(const channel::BrokerUrl& broker, const channel::Endpoints& addresses,
                  Deadline deadline) {
    Examination examination(settings_, broker, trust_, deadline, report_);
    examination.connect(addresses);
    const auto shown = look_at_certificate(broker, examination, deadline);
    if (trust_ == Trust::nobody) {
      tell_pin(broker, shown.value_or(examination.seen_pin()));
      return;
    }
    examination.await_tickets();
    // Some servers bring them with their first data.
    const bool early = examination.has_ticket();
    if (early) examination.resume();
    examination.log_in();
    examination.publish(options_.topic);
    examination.judge_delay();
    if (!early) examination.resume();
    examination.close();
  }

  // The device's own handshake does not keep what the broker has shown, and ends early without a
  // pin: it is looked at in one more, which is proved to its end. @return the pin of its key
  std::optional<std::string> look_at_certificate(const channel::BrokerUrl& broker,
                                                 const Examination& examination,
                                                 Deadline deadline) {
    const auto begin = steady_clock::now();
    const Deadline until =
        std::min<Deadline>(deadline, begin + limits::kConnectTimeout + limits::kHandshakeTimeout);
    std::optional<std::uint64_t> handshake_bytes;
    if (trust_ == Trust::pins) handshake_bytes = examination.handshake_bytes();
    try {
      const auto dialled =
          dial(at(examination.endpoint()), until, channel::route_to(broker, settings_.reach));
      const auto server = look_at(dialled, broker, until, settings_.tls.alpn);
      Step step = describe_certificate(
          server, handshake_bytes,
          options_.connection.ca.empty() ? Asked::pin_alone : Asked::authorities_too);
      step.time = steady_clock::now() - begin;
      step.bytes = hang_up(dialled, until);
      report_.add(std::move(step));
      return server.leaf.pin.text();
    } catch (const CommandError& error) {
      // Not on the device's way: it goes on without.
      report_.add({.name = "certificate",
                   .what = std::string("it could not be looked at in a second connection: ") +
                           error.what()});
      return std::nullopt;
    }
  }

  bool takes_a_detour() const {
    const Connection& given = options_.connection;
    return !(given.proxy.empty() && given.proxy_file.empty() && given.network_interface.empty() &&
             given.alpn.empty());
  }

  void tell_pin(const channel::BrokerUrl& broker, const std::string& pin) {
    report_.set_pin(pin);
    report_.add({.name = "pin",
                 .what = pin + " was seen, and nobody vouches for it yet: this is where it ends, "
                               "before a byte of MQTT",
                 .facts = {{"pin", pin}}});
    report_.add_advice(
        "This pin was taken from the network: whoever answered may not be your broker. Run this on "
        "the broker's host:\n"
        "  holdfast pin --key broker.key      (or --cert broker.crt)\n"
        "If it prints the same pin, go on with it:\n"
        "  holdfast doctor --broker mqtts://" +
        broker.text() + " --pin " + pin +
        (takes_a_detour() ? "\n(and the other options of this call)" : ""));
  }

  const DoctorOptions& options_;
  const device::Settings settings_;
  const Trust trust_;
  const Deadline deadline_;
  Report report_;
};

}  // namespace

void add_doctor(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand(
      "doctor", "go the way to a broker step by step, and tell what is wrong or too dear");
  const auto options = std::make_shared<DoctorOptions>();
  add_path_options(*command, options->connection);
  command->get_option("--pin")->description(
      "a key of the broker, sha256/BASE64; without one nothing is said to the broker, and the pin "
      "that is seen is printed");
  command->get_option("--also-broker")
      ->description("another broker of the same pins, which is examined as well; repeat it");
  command->add_option("--topic", options->topic, "where a message is published to")
      ->type_name("TOPIC")
      ->capture_default_str();
  command
      ->add_option("--state-dir", options->state_dir,
                   "of a device on this host: it is asked first how it is")
      ->type_name("DIR");
  command->add_flag("--json", options->json, "print one JSON object at the end");
  command->callback([options, &action] { action = [options] { return Doctor(*options).run(); }; });
}

}  // namespace holdfast::cli
