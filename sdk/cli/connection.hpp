// How pub, sub, call, doctor and fleet reach a broker: the options on the command line, the device
// made of them, and the exit code for what went wrong.

#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include <holdfast/config_file.hpp>
#include <holdfast/device.hpp>

#include "command.hpp"

namespace CLI {
class App;
}

namespace holdfast::cli {

struct Connection {
  std::string command;  ///< "pub", "sub" and so on: names the client unless it is named
  std::string config;   ///< a file that says what the command line does not
  /// What file and environment say. None until the command line is read.
  std::shared_ptr<const ConfigFile> file;
  Options configured;                  ///< of it, what is not a device's own
  std::vector<std::string> overruled;  ///< fields of `Options` that the command line sets
  std::string broker;
  std::vector<std::string> pins;
  std::string client_id;
  std::string state_dir;
  std::string ca;
  std::string cert;
  std::string key;
  std::string cert_option = "--cert";  ///< as they are typed, where `--cert` is another certificate
  std::string key_option = "--key";
  std::string username;
  std::string password_file;
  std::vector<std::string> also_brokers;
  std::string proxy;
  std::string proxy_file;
  std::string network_interface;
  std::string alpn;
  std::string mqtt;
  std::string timeout;
  unsigned qos = 1;
  std::string reachable_within;  ///< of `sub`; empty: the SDK's own
  std::string hold = "automatic";
};

/// The way to a broker, the login there, and how long to wait. What the command line leaves open is
/// taken from --config and from the environment once it is read.
void add_path_options(CLI::App& app, Connection& connection);
/// These, and those of the session that `pub` and `sub` keep.
void add_connection_options(CLI::App& app, Connection& connection);

/// Tells on stderr what an operator should know (one pin alone, a password others can read).
/// @throws CommandError
Options to_options(const Connection& connection);

/// When it is over; none for a timeout of 0.
std::optional<std::chrono::steady_clock::time_point> deadline_of(const Connection& connection);

/// kNotReachable for everything that is neither a refused identity nor a refusal of the broker.
ExitCode exit_code(std::error_code error);

/// Whether trying again is of no use.
bool is_final(std::error_code error);

}  // namespace holdfast::cli
