#include "connection.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>

#include <holdfast/limits.hpp>

#include "crypto/random.hpp"
#include "files.hpp"
#include "text.hpp"

namespace holdfast::cli {
namespace {

// What the broker says by itself again when it is asked again.
constexpr std::array kRefusals{
    Errc::protocol_error,     Errc::bad_credentials,     Errc::not_authorised,
    Errc::client_id_refused,  Errc::unsupported_version, Errc::banned,
    Errc::session_taken_over, Errc::topic_refused,       Errc::payload_refused,
    Errc::refused_by_broker,  Errc::server_moved};
// What may change while one waits.
constexpr std::array kPassingRefusals{Errc::server_busy, Errc::quota_exceeded};

template <class List>
bool is_among(std::error_code error, const List& list) {
  return std::any_of(list.begin(), list.end(),
                     [error](Errc one) { return error == make_error_code(one); });
}

// Two calls at once must not take each other's session over.
std::string random_name(const std::string& command) {
  std::array<std::uint8_t, 8> bytes{};
  crypto::fill_with_random(bytes);
  return "holdfast-" + command + "-" + to_hex(text_of(bytes));
}

// A password on the command line would be seen by everybody who may run ps.
std::string read_password(const Connection& connection) {
  if (connection.password_file.empty()) return {};
  struct stat facts {};
  if (::stat(connection.password_file.c_str(), &facts) == 0 && S_ISREG(facts.st_mode) &&
      (facts.st_mode & (S_IRGRP | S_IROTH)) != 0) {
    note(connection.command, "others can read the password in " + connection.password_file +
                                 "; chmod 600 " + connection.password_file);
  }
  const auto bytes = read_file(connection.password_file, limits::kMaxCredentialBytes + 2);
  std::string password(text_of(bytes));
  password.resize(std::min(password.find('\n'), password.size()));
  if (password.ends_with('\r')) password.pop_back();
  if (password.empty()) {
    refuse("--password-file is empty", connection.password_file, "its first line is the password");
  }
  return password;
}

}  // namespace

void add_connection_options(CLI::App& app, Connection& connection) {
  app.add_option("--broker", connection.broker, "mqtts://HOST[:PORT], port 8883 unless told")
      ->required()
      ->type_name("URL");
  app.add_option("--pin", connection.pins,
                 "a key of the broker, sha256/BASE64; repeat it: one in service and a backup")
      ->required()
      ->allow_extra_args(false)
      ->type_name("PIN");
  app.add_option("--qos", connection.qos, "0 at most once, 1 at least once, 2 exactly once")
      ->check(CLI::Range(0U, connection.command == "sub" ? 1U : 2U))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--client-id", connection.client_id,
                 "the name the broker keeps a session under; a random one, without a session, "
                 "unless told")
      ->type_name("NAME");
  app.add_option("--state-dir", connection.state_dir,
                 "a directory for what outlives the process; nothing is kept unless told")
      ->type_name("DIR");
  app.add_option("--ca", connection.ca,
                 "authorities, PEM: one of them must vouch for the broker besides the pin")
      ->type_name("FILE");
  auto* cert = app.add_option("--cert", connection.cert,
                              "the client's certificate, PEM, where the broker wants one")
                   ->type_name("FILE");
  auto* key =
      app.add_option("--key", connection.key, "the client's private key, PEM")->type_name("FILE");
  cert->needs(key);
  key->needs(cert);
  app.add_option("--username", connection.username, "for brokers that want one")->type_name("NAME");
  app.add_option("--password-file", connection.password_file,
                 "a file with the password in its first line")
      ->type_name("FILE");
  app.add_option("--mqtt", connection.mqtt, "version of MQTT: 5 or 3.1.1")
      ->check(CLI::IsMember({"5", "3.1.1"}))
      ->type_name("VERSION")
      ->capture_default_str();
  app.add_option("--timeout", connection.timeout, "how long it may take in all; 0: for ever")
      ->type_name("DURATION")
      ->capture_default_str();
}

Options to_options(const Connection& connection) {
  Options options;
  options.broker = connection.broker;
  options.client_id =
      connection.client_id.empty() ? random_name(connection.command) : connection.client_id;
  options.pins = connection.pins;
  options.state_dir = connection.state_dir;
  options.username = connection.username;
  options.password = read_password(connection);
  options.mqtt_version = connection.mqtt == "5" ? MqttVersion::v5 : MqttVersion::v3_1_1;
  if (!connection.ca.empty()) {
    options.trust = TrustMode::pinned_and_ca;
    options.ca_file = connection.ca;
  }
  if (!connection.cert.empty()) {
    options.client_certificate =
        ClientCertificate{.certificate_file = connection.cert, .key_file = connection.key};
  }
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
