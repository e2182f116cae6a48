// The broker that the benchmarks' clients meet, and how each client is set up, whatever is
// measured.

#pragma once

#include <cstdint>
#include <string>

#include <mqtt/connect_options.h>
#include <holdfast/options.hpp>

#include "bench/harness.hpp"

namespace holdfast::bench {

/// The broker that all meet.
struct Target {
  std::uint16_t port = 0;
  std::string pin;
  std::string certificate;  // for the rivals' trust store
  std::string address = "127.0.0.1";
};

/// As the parent has told a child: `port`, `pin`, `cert`.
Target target_of(const Arguments& arguments);

Options holdfast_options(const Target& target, const std::string& client_id);
mqtt::connect_options paho_options(const Target& target);
std::string paho_address(const Target& target);

}  // namespace holdfast::bench
