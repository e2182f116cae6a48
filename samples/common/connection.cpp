#include "common/connection.hpp"

#include <cstdio>
#include <exception>
#include <fstream>
#include <stdexcept>

#include "common/duration.hpp"

namespace sample {
namespace {

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

}  // namespace

void add_connection_options(CLI::App& app, Connection& connection) {
  app.add_option("--broker", connection.broker, "mqtts://HOST[:PORT], port 8883 unless told")
      ->required();
  app.add_option("--pin", connection.pins,
                 "sha256/BASE64 of a key of the broker; give one in service and a backup at least")
      ->required()
      ->allow_extra_args(false);
  app.add_flag("--one-pin", connection.one_pin,
               "be content with one pin: if that key is lost, so is the device");
  app.add_option("--username", connection.username, "for brokers that want one");
  app.add_option("--password-file", connection.password_file,
                 "a file with the password in its first line");
  app.add_option("--mqtt", connection.mqtt, "version of MQTT: 5 or 3.1.1")
      ->check(CLI::IsMember({"5", "3.1.1"}))
      ->capture_default_str();
  // The device checks the same, but speaks of the fields of a struct.
  app.callback([&connection] {
    if (connection.pins.size() >= 2 || connection.one_pin) return;
    throw CLI::ValidationError("--pin",
                               "with one pin alone, the loss of that key locks the device out for "
                               "good; add the --pin of a backup key, or --one-pin");
  });
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
  return {
      .broker = connection.broker,
      .client_id = client_id,
      .pins = connection.pins,
      .pin_count =
          connection.one_pin ? holdfast::PinCount::one_is_enough : holdfast::PinCount::at_least_two,
      .username = connection.username,
      .password = connection.password_file.empty() ? std::string()
                                                   : read_password(connection.password_file),
      .mqtt_version =
          connection.mqtt == "5" ? holdfast::MqttVersion::v5 : holdfast::MqttVersion::v3_1_1,
  };
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
