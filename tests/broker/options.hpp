// What the operator asks for on the command line.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "channel/broker_url.hpp"
#include "pinning/pin.hpp"
#include "wire/packet.hpp"

namespace holdfast::broker_test {

enum class Load { none, quick, fleet };

struct SuiteOptions {
  channel::BrokerUrl broker;
  std::vector<pinning::Pin> pins;  ///< of keys in service
  std::optional<pinning::Pin> backup_pin;
  std::string ca_file;
  std::string username;
  std::optional<std::string> password;
  std::string certificate_file;
  std::string key_file;
  std::string alpn;
  std::string topic_prefix = "holdfast-broker-test";
  std::string denied_topic_prefix;  ///< of topics that this login must neither read nor write
  std::optional<channel::BrokerUrl> second_broker;
  std::string restart_command;  ///< in order, as after an update
  std::string kill_command;     ///< as a loss of power: kills the broker and starts it again
  std::chrono::milliseconds max_wait{10'000};  ///< for any one answer of the broker
  std::optional<Version> version;              ///< empty: 5 if the broker speaks it
  bool invasive = false;
  Load load = Load::none;
  std::string json_file;
  std::string html_file;
  std::string junit_file;
  std::string filter = "*";  ///< of GoogleTest
  bool list = false;
  std::set<std::string> accepted;  ///< ids of checks whose failure is known and taken

  bool accepts(const pinning::Pin& pin) const;
};

/// @return empty where the program is to end with `exit_code`: after --help, or a complaint
std::optional<SuiteOptions> read_options(int argc, char** argv, int& exit_code);

}  // namespace holdfast::broker_test
