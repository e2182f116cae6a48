#include "common/connection.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <stdexcept>

#include "common/duration.hpp"

namespace sample {
namespace {

constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24 * 365);

// A password on the command line would be seen by everybody who may run ps.
std::string read_password(const std::string& file) {
  std::ifstream in(file);
  std::string password;
  if (!std::getline(in, password)) {
    throw std::runtime_error("--password-file " + file +
                             ": cannot be read, or is empty; its first line is the password");
  }
  if (!password.empty() && password.back() == '\r') password.pop_back();
  return password;
}

// The file's key for an option: "--max-delay" is max_delay.
std::string key_of(std::string option) {
  option.erase(0, 2);
  std::replace(option.begin(), option.end(), '-', '_');
  return option;
}

// The command line has been read: what it leaves open may be in the file.
void complete(Connection& connection) {
  connection.file = std::make_shared<holdfast::ConfigFile>(connection.config);
  const holdfast::Options told = connection.file->options();
  if (connection.broker.empty()) connection.broker = told.broker;
  if (connection.pins.empty()) connection.pins = told.pins;
  connection.one_pin |= told.pin_count == holdfast::PinCount::one_is_enough;
  if (connection.username.empty()) connection.username = told.username;
  if (connection.mqtt.empty()) {
    connection.mqtt = told.mqtt_version == holdfast::MqttVersion::v5 ? "5" : "3.1.1";
  }
  if (connection.broker.empty()) {
    throw CLI::ValidationError("--broker", "give it, or --config FILE with url in [broker]");
  }
  // The device checks the same, but speaks of the fields of a struct.
  if (connection.pins.size() >= 2 || connection.one_pin) return;
  throw CLI::ValidationError("--pin",
                             "with one pin alone, the loss of that key locks the device out for "
                             "good; add the --pin of a backup key, or --one-pin");
}

}  // namespace

void add_connection_options(CLI::App& app, Connection& connection) {
  app.add_option("--config", connection.config,
                 "a TOML file that has what is not told here; docs/guides/config.md");
  app.add_option("--broker", connection.broker, "mqtts://HOST[:PORT], port 8883 unless told");
  app.add_option("--pin", connection.pins,
                 "sha256/BASE64 of a key of the broker; give one in service and a backup at least")
      ->allow_extra_args(false);
  app.add_flag("--one-pin", connection.one_pin,
               "be content with one pin: if that key is lost, so is the device");
  app.add_option("--username", connection.username, "for brokers that want one");
  app.add_option("--password-file", connection.password_file,
                 "a file with the password in its first line");
  app.add_option("--mqtt", connection.mqtt, "version of MQTT: 5 or 3.1.1; 5 unless told")
      ->check(CLI::IsMember({"5", "3.1.1"}));
  app.callback([&connection] { complete(connection); });
}

void take_configured(const CLI::App& app, const Connection& connection, const std::string& option,
                     std::string& value) {
  const auto told = connection.file->text(app.get_name(), key_of(option));
  if (told && app.count(option) == 0) value = *told;
}

void take_configured(const CLI::App& app, const Connection& connection, const std::string& option,
                     std::chrono::milliseconds& value) {
  const auto told = connection.file->duration(app.get_name(), key_of(option),
                                              std::chrono::milliseconds(0), kLongest);
  if (told && app.count(option) == 0) value = *told;
}

std::string client_id_of(const Connection& connection, const std::string& typed,
                         const std::string& otherwise) {
  if (!typed.empty()) return typed;
  const std::string told = connection.file->options().client_id;
  return told.empty() ? otherwise : told;
}

void add_duration_option(CLI::App& app, const std::string& name, std::chrono::milliseconds& value,
                         const std::string& help) {
  app.add_option_function<std::string>(
         name,
         [name, &value](const std::string& text) {
           const auto duration = parse_duration(text);
           if (!duration) {
             throw CLI::ValidationError(name, "\"" + text +
                                                  "\" is no duration; write 250ms, 5s, "
                                                  "1min or 2h");
           }
           value = *duration;
         },
         help)
      ->type_name("DURATION");
}

bool parse_command_line(CLI::App& app, int argc, char** argv, int& exit) {
  try {
    app.parse(argc, argv);
    return true;
  } catch (const CLI::ParseError& error) {
    exit = app.exit(error) == 0 ? kDone : kUsage;
    return false;
  }
}

holdfast::Options to_options(const Connection& connection, const std::string& client_id) {
  holdfast::Options options = connection.file->options();
  options.broker = connection.broker;
  options.client_id = client_id;
  options.pins = connection.pins;
  if (connection.one_pin) options.pin_count = holdfast::PinCount::one_is_enough;
  options.username = connection.username;
  if (!connection.password_file.empty()) options.password = read_password(connection.password_file);
  options.mqtt_version =
      connection.mqtt == "5" ? holdfast::MqttVersion::v5 : holdfast::MqttVersion::v3_1_1;
  return options;
}

ExitCode exit_code(std::error_code error) {
  using holdfast::Errc;
  if (error == holdfast::Condition::identity_refused) return kIdentityRefused;
  for (const Errc refusal :
       {Errc::protocol_error, Errc::bad_credentials, Errc::not_authorised, Errc::client_id_refused,
        Errc::unsupported_version, Errc::server_busy, Errc::banned, Errc::session_taken_over,
        Errc::topic_refused, Errc::payload_refused, Errc::quota_exceeded, Errc::refused_by_broker,
        Errc::server_moved}) {
    if (error == holdfast::make_error_code(refusal)) return kRefused;
  }
  return kNotReachable;
}

int run_guarded(const char* program, const std::function<int()>& body) {
  try {
    return body();
  } catch (const std::exception& error) {  // a ConfigError names field, value and mend
    std::fprintf(stderr, "%s: %s\n", program, error.what());
    return kUsage;
  }
}

}  // namespace sample
