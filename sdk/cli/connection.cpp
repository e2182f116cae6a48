#include "connection.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include <CLI/CLI.hpp>

#include <holdfast/config_file.hpp>
#include <holdfast/limits.hpp>

#include "base/hex.hpp"
#include "crypto/random.hpp"
#include "device/check_options.hpp"
#include "files.hpp"
#include "secret_file.hpp"
#include "text.hpp"

namespace holdfast::cli {
namespace {

// What the broker says by itself again when it is asked again.
constexpr std::array kRefusals{Errc::protocol_error,      Errc::bad_credentials,
                               Errc::not_authorised,      Errc::client_id_refused,
                               Errc::unsupported_version, Errc::banned,
                               Errc::session_taken_over,  Errc::topic_refused,
                               Errc::payload_refused,     Errc::refused_by_broker};
// What may change while one waits: the broker that was named may take it.
constexpr std::array kPassingRefusals{Errc::server_busy, Errc::quota_exceeded,
                                      Errc::use_another_server, Errc::server_moved};

template <class List>
bool is_among(std::error_code error, const List& list) {
  return std::any_of(list.begin(), list.end(),
                     [error](Errc one) { return error == make_error_code(one); });
}

// Two calls at once must not take each other's session over.
std::string random_name(const std::string& command) {
  std::array<std::uint8_t, 8> bytes{};
  crypto::fill_with_random(bytes);
  std::string name = "holdfast-" + command + "-" + to_hex(text_of(bytes));
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

// What is one device's own is not this command's: under the device's name it would throw the device
// out, and its outbox, its budget and its will have nothing to do with a call by hand.
Options without_what_is_a_devices_own(Options options) {
  options.client_id.clear();
  options.state_dir.clear();
  options.will.reset();
  options.presence.reset();
  options.recovery.reset();
  options.budget.reset();
  options.pin_updates = {};
  options.outbox = {};
  options.reply_topic.clear();
  return options;
}

// The command line overrules both file and environment, option by option.
void complete(Connection& connection) {
  connection.file = std::make_shared<ConfigFile>(connection.config);
  connection.configured = without_what_is_a_devices_own(connection.file->options());
  const Options& told = connection.configured;
  const ClientCertificate certificate = told.client_certificate.value_or(ClientCertificate{});
  const auto take = [&connection](const char* field, std::string& option, std::string configured) {
    if (option.empty()) {
      option = std::move(configured);
    } else {
      connection.overruled.emplace_back(field);
    }
  };
  take("broker", connection.broker, told.broker);
  take("ca_file", connection.ca, told.ca_file.string());
  take("client_certificate.certificate_file", connection.cert,
       certificate.certificate_file.string());
  take("client_certificate.key_file", connection.key, certificate.key_file.string());
  take("username", connection.username, told.username);
  take("network_interface", connection.network_interface, told.network_interface);
  take("alpn", connection.alpn, told.alpn);
  take("mqtt_version", connection.mqtt, told.mqtt_version == MqttVersion::v5 ? "5" : "3.1.1");
  if (connection.pins.empty()) {
    connection.pins = told.pins;
  } else {
    connection.overruled.emplace_back("pins");
  }
  if (!connection.also_brokers.empty()) {
    connection.overruled.emplace_back("fallback_brokers");
    connection.configured.fallback_brokers.clear();
  }
  for (const std::string& url : connection.also_brokers) {
    connection.configured.fallback_brokers.push_back({.broker = url, .pins = {}});
  }
  if (!connection.proxy.empty() || !connection.proxy_file.empty()) {
    connection.overruled.emplace_back("proxy");
  }
  if (!connection.password_file.empty()) connection.overruled.emplace_back("password");
}

bool is_typed(const Connection& connection, const std::string& field) {
  const auto& typed = connection.overruled;
  return std::find(typed.begin(), typed.end(), field) != typed.end();
}

// What cannot work and comes from the file is told with its line.
void check(const Connection& connection, const Options& options) {
  try {
    device::check_options(options);
  } catch (const ConfigError& error) {
    if (is_typed(connection, error.field().substr(0, error.field().find('[')))) throw;
    throw connection.file->located(error);
  }
}

std::string proxy_of(const Connection& connection) {
  if (connection.proxy.find('@') != std::string::npos) {
    refuse("--proxy with a user name", "",
           "everybody on this machine could read it; write the whole URL into a file and name that "
           "with --proxy-file");
  }
  if (!connection.proxy.empty()) return connection.proxy;
  if (connection.proxy_file.empty()) return connection.configured.proxy;
  return read_secret(connection.command, "--proxy-file", connection.proxy_file,
                     "http://USER:PASSWORD@HOST:PORT");
}

void add_reach_options(CLI::App& app, Connection& connection) {
  app.add_option("--config", connection.config,
                 "a TOML file that has what is not told here: the way to the broker and the login")
      ->type_name("FILE");
  app.add_option("--broker", connection.broker, "mqtts://HOST[:PORT], port 8883 unless told")
      ->type_name("URL");
  app.add_option("--pin", connection.pins,
                 "a key of the broker, sha256/BASE64; repeat it: one in service and a backup")
      ->allow_extra_args(false)
      ->type_name("PIN");
  app.add_option(
         "--also-broker", connection.also_brokers,
         "another broker, tried when the first fails and judged by the same pins; repeat it")
      ->allow_extra_args(false)
      ->type_name("URL");
  auto* proxy =
      app.add_option("--proxy", connection.proxy,
                     "http://HOST:PORT of an HTTP proxy that takes CONNECT; none unless told")
          ->type_name("URL");
  app.add_option("--proxy-file", connection.proxy_file,
                 "a file with http://USER:PASSWORD@HOST:PORT in its first line")
      ->excludes(proxy)
      ->type_name("FILE");
  app.add_option("--interface", connection.network_interface,
                 "the network interface to leave through; as the routes say unless told")
      ->type_name("NAME");
  app.add_option("--alpn", connection.alpn,
                 "the protocol to name in ALPN, for brokers that share a port")
      ->type_name("PROTOCOL");
}

void add_login_options(CLI::App& app, Connection& connection) {
  app.add_option("--ca", connection.ca,
                 "authorities, PEM: one of them must vouch for the broker besides the pin")
      ->type_name("FILE");
  auto* cert = app.add_option(connection.cert_option, connection.cert,
                              "the client's certificate, PEM, where the broker wants one")
                   ->type_name("FILE");
  auto* key = app.add_option(connection.key_option, connection.key, "the client's private key, PEM")
                  ->type_name("FILE");
  cert->needs(key);
  key->needs(cert);
  app.add_option("--username", connection.username, "for brokers that want one")->type_name("NAME");
  app.add_option("--password-file", connection.password_file,
                 "a file with the password in its first line")
      ->type_name("FILE");
  app.add_option("--mqtt", connection.mqtt, "version of MQTT: 5 or 3.1.1; 5 unless told")
      ->check(CLI::IsMember({"5", "3.1.1"}))
      ->type_name("VERSION");
  app.add_option("--timeout", connection.timeout, "how long it may take in all; 0: for ever")
      ->type_name("DURATION")
      ->capture_default_str();
}

}  // namespace

void add_path_options(CLI::App& app, Connection& connection) {
  add_reach_options(app, connection);
  add_login_options(app, connection);
  app.parse_complete_callback([&connection] { complete(connection); });
}

void add_connection_options(CLI::App& app, Connection& connection) {
  add_path_options(app, connection);
  app.add_option("--qos", connection.qos, "0 at most once, 1 at least once, 2 exactly once")
      ->check(CLI::Range(0U, connection.command == "pub" ? 2U : 1U))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--client-id", connection.client_id,
                 "the name the broker keeps a session under; a random one, without a session, "
                 "unless told")
      ->type_name("NAME");
  app.add_option("--state-dir", connection.state_dir,
                 "a directory for what outlives the process; nothing is kept unless told")
      ->type_name("DIR");
  // Each where it has an effect: a subscription holds the line in any case, and proves it.
  if (connection.command == "sub") {
    app.add_option("--reachable-within", connection.reachable_within,
                   "how long a dead line may go unnoticed, 10s to 18h; 15min unless told")
        ->type_name("DURATION");
  } else if (connection.command == "pub") {
    app.add_option("--hold", connection.hold,
                   "whether the line is held while there is nothing to send: automatic, where that "
                   "is cheaper than coming back, or always")
        ->check(CLI::IsMember({"automatic", "always"}))
        ->type_name("HOW")
        ->capture_default_str();
  }
}

Options to_options(const Connection& connection) {
  if (connection.broker.empty()) {
    refuse("--broker is required", "", "give it, or --config FILE with url in [broker]");
  }
  if (connection.pins.empty() && connection.command != "doctor") {
    refuse("--pin is required", "",
           "give one in service and one of a backup key, or --config FILE with pins in [broker]");
  }
  Options options = connection.configured;
  options.broker = connection.broker;
  options.client_id =
      connection.client_id.empty() ? random_name(connection.command) : connection.client_id;
  options.pins = connection.pins;
  options.state_dir = connection.state_dir;
  options.username = connection.username;
  if (!connection.password_file.empty()) {
    options.password = read_secret(connection.command, "--password-file", connection.password_file,
                                   "the password");
  }
  options.proxy = proxy_of(connection);
  options.network_interface = connection.network_interface;
  options.alpn = connection.alpn;
  options.mqtt_version = connection.mqtt == "5" ? MqttVersion::v5 : MqttVersion::v3_1_1;
  if (!connection.ca.empty()) {
    options.trust = TrustMode::pinned_and_ca;
    options.ca_file = connection.ca;
  }
  if (is_typed(connection, "client_certificate.certificate_file")) {
    options.client_certificate =
        ClientCertificate{.certificate_file = connection.cert, .key_file = connection.key};
  }
  if (!connection.reachable_within.empty()) {
    options.reachable_within = std::chrono::floor<std::chrono::seconds>(
        parse_duration("--reachable-within", connection.reachable_within));
  }
  if (connection.hold == "always") options.hold = Hold::always;
  // Nobody comes back for the session of a name that was drawn at random.
  if (connection.client_id.empty()) options.session_expiry = std::chrono::seconds(0);
  // Somebody waits in front of a terminal.
  options.backoff = {.base = std::chrono::milliseconds(200), .cap = std::chrono::seconds(2)};
  if (connection.pins.size() == 1) {
    options.pin_count = PinCount::one_is_enough;
    note(connection.command,
         "one pin alone: the loss of that key locks this client out; give the --pin of a backup "
         "key, "
         "too");
  }
  if (!options.pins.empty()) check(connection, options);
  return options;
}

std::optional<std::chrono::steady_clock::time_point> deadline_of(const Connection& connection) {
  const auto timeout = parse_duration("--timeout", connection.timeout);
  if (timeout.count() == 0) return std::nullopt;
  return std::chrono::steady_clock::now() + timeout;
}

ExitCode exit_code(std::error_code error) {
  if (error == Condition::identity_refused) return kIdentityRefused;
  return is_among(error, kRefusals) || is_among(error, kPassingRefusals) ? kRefused : kNotReachable;
}

bool is_final(std::error_code error) {
  return error == Condition::identity_refused || is_among(error, kRefusals);
}

}  // namespace holdfast::cli
