// What does it cost to be connected: the TLS handshake in bytes of TLS, and the whole set-up, up to
// and including CONNACK and tickets, in bytes of IP? Holdfast, in full and resumed, beside
// OpenSSL's client, libmosquitto and Paho C++ against one mosquitto with a P-256 certificate.
//
//   holdfast_bench_handshake [--rounds N]

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include <mosquitto.h>
#include <mqtt/async_client.h>
#include <asio/io_context.hpp>
#include <holdfast/device.hpp>

#include "bench/clients/client.hpp"
#include "bench/contenders.hpp"
#include "bench/harness.hpp"
#include "channel/dialer.hpp"
#include "channel/wire_sample.hpp"
#include "resumption/ticket_store.hpp"
#include "support/event_wait.hpp"
#include "support/keys.hpp"
#include "support/mosquitto.hpp"
#include "support/process.hpp"

namespace holdfast::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto kBound = 20s;
// After this the last delayed acknowledgement (40 ms) has left.
constexpr auto kSettled = 150ms;

/// Bytes: of TLS for the handshake and for tickets, of IP for all until CONNACK, and segments.
struct Cost {
  double handshake = 0;
  double tickets = 0;
  double ip = 0;
  double segments = 0;
};

// --- Holdfast ------------------------------------------------------------------------------------

// The tickets of connections that are made by hand.
class Tickets : public channel::Tickets {
 public:
  std::optional<resumption::Ticket> offer(const resumption::Binding& binding,
                                          const pinning::TrustedKeys& keys) override {
    return store_.offer(binding, keys, now_);
  }
  void unanswered(const resumption::Binding&, resumption::Ticket) override {}
  void proven(const resumption::Binding& binding, const std::vector<pinning::Pin>& pins) override {
    store_.proven(binding, pins, now_);
  }
  void cost(const resumption::Binding&, resumption::Way, std::uint32_t) override {}
  void received(const resumption::Binding& binding, resumption::NewTicket ticket) override {
    store_.received(binding, std::move(ticket), now_);
    came = true;
  }
  bool came = false;

 private:
  resumption::Moment now_{{1, 1}, 1, 0};
  resumption::TicketStore store_{{.mode = ResumptionMode::always}};
};

// One handshake and its tickets, no MQTT.
channel::ChannelBill shake_hands(const Target& target, Tickets& tickets) {
  asio::io_context io;
  const auto ignore = [](const auto&) {};
  channel::Dialer dialer(
      io.get_executor(), {.host = "127.0.0.1", .port = target.port, .is_ip_literal = true},
      Timeouts(), {}, {.bill = ignore, .refused_key = ignore, .warning = ignore});
  dialer.use_tickets(tickets);
  tickets.came = false;
  std::shared_ptr<channel::Channel> channel;
  dialer.dial(std::make_shared<const pinning::TrustedKeys>(
                  pinning::PinSet({target.pin}, PinCount::one_is_enough)),
              [&](std::shared_ptr<channel::Channel> made, const Failure& failure) {
                if (failure) give_up(failure.detail);
                channel = std::move(made);
                channel->pause_reading(false);
              });
  while (!tickets.came) {
    if (io.run_one_for(kBound) == 0) give_up("no ticket came");
  }
  channel->drop();
  return channel->bill();
}

// A device, until it is logged in. @return its bill
Ledger log_in(const Target& target, const std::filesystem::path& state_dir) {
  Options options = holdfast_options(target, "bench-holdfast");
  options.state_dir = state_dir;
  test::EventLog<int> up;
  Device device(options);
  device.on_event([&](const Event& event) {
    if (event.kind == EventKind::connected) up.append(1);
  });
  device.start();
  if (!up.wait_for_count(1, kBound)) give_up("no connection");
  std::this_thread::sleep_for(kSettled);
  const Ledger ledger = device.ledger();
  device.stop();
  return ledger;
}

Cost cost_of_holdfast(const Target& target, bool resumed) {
  const test::TempDir dir;
  Tickets tickets;
  auto bill = shake_hands(target, tickets);
  Ledger ledger = log_in(target, dir.path());
  if (resumed) {
    bill = shake_hands(target, tickets);
    ledger = log_in(target, dir.path());
    if (!bill.resumed || ledger.resumed_handshakes != 1) give_up("it was not resumed");
  }
  return {static_cast<double>(bill.handshake_bytes), static_cast<double>(bill.ticket_bytes_down),
          static_cast<double>(ledger.ip_bytes()),
          static_cast<double>(ledger.segments_up + ledger.segments_down)};
}

// --- The others ----------------------------------------------------------------------------------

// `openssl s_client`, which says itself what its handshake has cost.
Cost cost_of_openssl(const Target& target, bool resumed) {
  const test::TempDir dir;
  const std::string session = (dir.path() / "session.pem").string();
  const std::string at = "127.0.0.1:" + std::to_string(target.port);
  std::vector<std::string> argv{"openssl", "s_client", "-connect", at, "-noservername"};
  const auto run = [&](const std::vector<std::string>& more) {
    std::vector<std::string> all = argv;
    all.insert(all.end(), more.begin(), more.end());
    const auto process =
        test::Process::spawn(all, {.input = test::ProcessOptions::Input::kKeptOpen});
    if (!process->wait_for_line("SSL handshake has read", kBound)) give_up(process->output());
    // The ticket comes later than that line.
    const auto kept = [&] {
      std::error_code error;
      return std::filesystem::file_size(session, error) > 0 && !error;
    };
    if (!more.empty() && !test::eventually(kept, kBound)) give_up(process->output());
    process->terminate();
    std::smatch parts;
    const std::string output = process->output();
    static const std::regex line("has read ([0-9]+) bytes and written ([0-9]+) bytes");
    if (!std::regex_search(output, parts, line)) give_up(output);
    return std::stod(parts[1]) + std::stod(parts[2]);
  };
  if (!resumed) return {.handshake = run({})};
  run({"-sess_out", session});
  return {.handshake = run({"-sess_in", session})};
}

Cost cost_of_mosquitto(const Target& target) {
  mosquitto_lib_init();
  mosquitto* client = mosquitto_new("bench-mosquitto", true, nullptr);
  mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
  mosquitto_tls_set(client, target.certificate.c_str(), nullptr, nullptr, nullptr, nullptr);
  static bool up = false;
  mosquitto_connect_callback_set(client, [](mosquitto*, void*, int code) { up = code == 0; });
  if (mosquitto_connect(client, "localhost", target.port, 60) != MOSQ_ERR_SUCCESS) {
    give_up("libmosquitto does not connect");
  }
  const auto end = std::chrono::steady_clock::now() + kBound;
  while (!up && std::chrono::steady_clock::now() < end) mosquitto_loop(client, 50, 1);
  if (!up) give_up("libmosquitto is not logged in");
  std::this_thread::sleep_for(kSettled);
  const auto wire = channel::bill_wire(mosquitto_socket(client), false);
  if (!wire) give_up("no counters of the kernel");
  mosquitto_disconnect(client);
  return {.ip = static_cast<double>(wire->ip_bytes()),
          .segments = static_cast<double>(wire->segments())};
}

Cost cost_of_paho(const Target& target) {
  const auto paho = make_paho({});
  paho->connect(target);
  std::this_thread::sleep_for(kSettled);
  const Cost cost{.ip = static_cast<double>(paho->ip_bytes())};
  paho->disconnect();
  return cost;
}

// --- Beside each other ---------------------------------------------------------------------------

const std::vector<std::pair<std::string, std::function<Cost(const Target&)>>> kContenders{
    {"holdfast, full", [](const Target& target) { return cost_of_holdfast(target, false); }},
    {"holdfast, resumed", [](const Target& target) { return cost_of_holdfast(target, true); }},
    {"openssl, full", [](const Target& target) { return cost_of_openssl(target, false); }},
    {"openssl, resumed", [](const Target& target) { return cost_of_openssl(target, true); }},
    {"libmosquitto", cost_of_mosquitto},
    {"paho", cost_of_paho},
};

void measure(const Arguments& arguments) {
  const Target target = target_of(arguments);
  for (const auto& [name, cost_of] : kContenders) {
    if (name != arguments.text("contender")) continue;
    const Cost cost = cost_of(target);
    print_result({cost.handshake, cost.tickets, cost.ip, cost.segments});
    return;
  }
  give_up("unknown contender");
}

std::string figure(double value) {
  return value > 0 ? std::to_string(static_cast<long>(value)) : "-";
}

void compare(Arguments arguments) {
  const test::TempDir dir;
  const auto key = test::self_signed(dir, test::KeyType::p256, "localhost");
  test::Mosquitto broker({.tls = key, .plain_listener = false});
  broker.start();
  arguments.set("port", std::to_string(broker.tls_port()));
  arguments.set("pin", key.pin);
  arguments.set("cert", key.cert_file.string());
  const std::size_t rounds = arguments.number("rounds", 5);
  std::map<std::string, std::vector<std::vector<double>>> runs;
  for (std::size_t round = 0; round < rounds; ++round) {
    for (const auto& [name, cost_of] : kContenders) {
      arguments.set("contender", name);
      runs[name].push_back(arguments.measure_in_child(4));
    }
  }
  std::printf("bytes, medians of %zu runs in turn, mosquitto on loopback\n\n", rounds);
  std::printf("%-18s %14s %12s %20s %9s\n", "client", "handshake, TLS", "tickets, TLS",
              "until CONNACK, IP", "segments");
  for (const auto& [name, cost_of] : kContenders) {
    const auto cost = medians(runs[name]);
    std::printf("%-18s %14s %12s %20s %9s\n", name.c_str(), figure(cost[0]).c_str(),
                figure(cost[1]).c_str(), figure(cost[2]).c_str(), figure(cost[3]).c_str());
  }
}

}  // namespace
}  // namespace holdfast::bench

int main(int argc, char** argv) {
  using namespace holdfast::bench;
  const Arguments arguments(argc, argv, {"contender", "rounds", "port", "pin", "cert"});
  arguments.text("contender").empty() ? compare(arguments) : measure(arguments);
}
