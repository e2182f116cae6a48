// holdfast doctor: goes the way to a broker step by step, and tells what is wrong and what costs
// more than it has to.

#include <memory>
#include <optional>
#include <string>

#include <holdfast/device.hpp>

#include "command.hpp"
#include "connection.hpp"
#include "device/check_options.hpp"
#include "doctor_certificate.hpp"
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
  bool json = false;
};

// The broker by the address that was found, so that no name is looked up again.
channel::BrokerUrl at(const asio::ip::tcp::endpoint& endpoint) {
  return {.host = endpoint.address().to_string(), .port = endpoint.port(), .is_ip_literal = true};
}

class Doctor {
 public:
  explicit Doctor(const DoctorOptions& options)
      : options_(options),
        broker_(channel::parse_broker_url(options.connection.broker)),
        deadline_(
            deadline_of(options.connection).value_or(steady_clock::now() + std::chrono::hours(24))),
        report_(options.json ? Report::Form::json : Report::Form::table,
                "mqtts://" + broker_.text()) {
    if (const auto why = mqtt_engine::why_not_topic(options.topic); !why.empty()) {
      refuse("--topic cannot work", options.topic, why);
    }
    if (!options.connection.pins.empty()) {
      settings_.emplace(device::check_options(to_options(options.connection)));
    }
  }

  int run() {
    ExitCode code = kDone;
    try {
      const auto addresses = find_addresses(broker_, deadline_, report_);
      const auto address = find_route(addresses, report_);
      if (settings_) {
        examine(address);
      } else {
        look(address);
      }
    } catch (const StepFailed& failed) {
      code = failed.code;
    }
    look_at_host(report_);
    report_.finish(code, bytes_);
    return code;
  }

 private:
  void examine(const asio::ip::tcp::endpoint& address) {
    Examination examination(*settings_, address, deadline_, report_);
    try {
      examination.connect();
      look_at_certificate(address, examination.handshake_bytes());
      examination.await_tickets();
      examination.log_in();
      examination.publish(options_.topic);
      examination.judge_delay();
      examination.close();
    } catch (const StepFailed&) {
      bytes_ += examination.ip_bytes();
      throw;
    }
    bytes_ += examination.ip_bytes();
  }

  // The verified connection does not keep what the broker has shown: it is looked at in one more.
  void look_at_certificate(const asio::ip::tcp::endpoint& address, std::uint64_t handshake_bytes) {
    const bool asks_authorities = !options_.connection.ca.empty();
    try {
      const auto server = look_at(dial(at(address), deadline_), broker_, deadline_);
      bytes_ += server.ip_bytes;
      report_certificate(server, handshake_bytes,
                         asks_authorities ? Asked::authorities_too : Asked::pin_alone, report_);
    } catch (const CommandError& error) {
      // Not on the device's way: it goes on without.
      report_.add({.name = "certificate",
                   .what = std::string("it could not be looked at in a second connection: ") +
                           error.what()});
    }
  }

  // Without a pin nobody vouches for the broker, and nothing is said to it.
  void look(const asio::ip::tcp::endpoint& address) {
    const auto begin = steady_clock::now();
    std::optional<Dialled> dialled;
    try {
      dialled.emplace(dial(at(address), deadline_));
    } catch (const CommandError& error) {
      fail(report_, {.name = "tcp", .time = steady_clock::now() - begin},
           {Errc::unreachable, error.what()}, Where::path);
    }
    const auto connected = steady_clock::now();
    report_.add({.name = "tcp", .what = dialled->address + " answers", .time = connected - begin});
    std::optional<ServerKeys> server;
    try {
      server.emplace(look_at(*dialled, broker_, deadline_));
    } catch (const CommandError& error) {
      fail(report_, {.name = "tls", .time = steady_clock::now() - connected},
           {Errc::tls_failed, error.what()}, Where::handshake);
    }
    bytes_ += server->ip_bytes;
    report_.add({.name = "tls",
                 .what = "TLS 1.3",
                 .time = steady_clock::now() - connected,
                 .bytes = server->ip_bytes});
    report_certificate(*server, std::nullopt, Asked::pin_alone, report_);
    const std::string pin = server->leaf.pin.text();
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
        "  holdfast doctor --broker " +
        options_.connection.broker + " --pin " + pin);
  }

  const DoctorOptions& options_;
  const channel::BrokerUrl broker_;
  const Deadline deadline_;
  std::optional<device::Settings> settings_;
  Report report_;
  std::uint64_t bytes_ = 0;  // of IP packets, spent on finding out
};

}  // namespace

void add_doctor(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand(
      "doctor", "go the way to a broker step by step, and tell what is wrong or too dear");
  const auto options = std::make_shared<DoctorOptions>();
  command
      ->add_option("--broker", options->connection.broker,
                   "mqtts://HOST[:PORT], port 8883 unless told")
      ->required()
      ->type_name("URL");
  command
      ->add_option("--pin", options->connection.pins,
                   "a key of the broker, sha256/BASE64; without one nothing is said to the broker, "
                   "and the pin that is seen is printed")
      ->allow_extra_args(false)
      ->type_name("PIN");
  add_login_options(*command, options->connection);
  command->add_option("--topic", options->topic, "where a message is published to")
      ->type_name("TOPIC")
      ->capture_default_str();
  command->add_flag("--json", options->json, "print one JSON object at the end");
  command->callback([options, &action] { action = [options] { return Doctor(*options).run(); }; });
}

}  // namespace holdfast::cli
