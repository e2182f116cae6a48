// Reads the statuses that a broker has retained, for `fleet` and `pinset check --fleet`.

#pragma once

#include <cstdint>
#include <string>

#include "connection.hpp"
#include "fleet_view.hpp"

namespace CLI {
class App;
}

namespace holdfast::cli {

struct FleetSource {
  /// QoS 1: the broker waits for our acknowledgements, and so does not run away from us.
  Connection connection{.command = "fleet", .timeout = "2min"};
  std::string filter;
  std::string quiet = "2s";
  std::uint64_t expect = 0;
};

/// `--quiet` and `--expect`; the connection's own and the filter are added elsewhere.
void add_fleet_options(CLI::App& app, FleetSource& source);

/// Subscribes, and takes what is retained until nothing of it has come for `quiet`.
///
/// MQTT does not say when the last retained message was sent. A message of our own to ourselves
/// would mark the place with a broker that keeps the order, but needs a right to publish, and
/// brokers that hand out retained messages in portions do not keep it. Silence works everywhere;
/// whoever knows how many devices there are can say so.
///
/// A large fleet is read a second time at the other QoS: a mosquitto drops what goes beyond
/// `max_queued_messages`, without a word, and not at the same place at both.
/// @throws CommandError if it cannot be read, or is not whole
FleetView read_fleet(const FleetSource& source);

}  // namespace holdfast::cli
