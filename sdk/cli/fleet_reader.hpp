// Reads the statuses that a broker has retained, for `fleet` and `pinset check --fleet`.

#pragma once

#include <cstdint>
#include <string>

#include <CLI/CLI.hpp>

#include "connection.hpp"
#include "fleet_view.hpp"

namespace holdfast::cli {

struct FleetSource {
  /// QoS 0: mosquitto drops what goes beyond `max_queued_messages` of the others.
  Connection connection{.command = "fleet", .timeout = "2min", .qos = 0};
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
/// @throws CommandError if it cannot be read, or is not whole
FleetView read_fleet(const FleetSource& source);

}  // namespace holdfast::cli
