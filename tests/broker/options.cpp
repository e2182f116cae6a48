#include "options.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <map>

#include <holdfast/error.hpp>
#include <holdfast/version.hpp>

#include "catalogue.hpp"

namespace holdfast::broker_test {
namespace {

constexpr int kUsage = 2;

struct Words {
  std::string broker;
  std::vector<std::string> pins;
  std::string backup_pin;
  std::string password_file;
  std::string second_broker;
  std::string mqtt;
  double max_wait_seconds = 10;
  std::vector<std::string> accepted;
};

class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

pinning::Pin pin_of(const std::string& option, const std::string& text) {
  std::string why;
  const auto pin = pinning::parse_pin(text, why);
  if (!pin) throw UsageError(option + " " + text + " is no pin: " + why);
  return *pin;
}

std::string first_line_of(const std::string& file) {
  std::ifstream stream(file);
  std::string line;
  if (!std::getline(stream, line)) {
    throw UsageError("--password-file " + file +
                     " cannot be read; write the password into its first line");
  }
  return line;
}

channel::BrokerUrl url_of(const char* option, const std::string& text) {
  try {
    return channel::parse_broker_url(text);
  } catch (const ConfigError& error) {
    throw UsageError(std::string(option) + " cannot work (" + error.value() + "); " + error.mend());
  }
}

void add_options(CLI::App& app, SuiteOptions& options, Words& words) {
  app.add_option("--broker", words.broker, "the broker: mqtts://HOST[:PORT]")->type_name("URL");
  app.add_option("--pin", words.pins, "a key of the broker that is in service; repeat it")
      ->type_name("PIN");
  app.add_option("--backup-pin", words.backup_pin, "the key that is kept for later")
      ->type_name("PIN");
  app.add_option("--username", options.username, "log in with this name")->type_name("NAME");
  app.add_option("--password-file", words.password_file, "its first line is the password")
      ->type_name("FILE");
  app.add_option("--cert", options.certificate_file, "the client's certificate, PEM")
      ->type_name("FILE");
  app.add_option("--key", options.key_file, "its key, PEM")->type_name("FILE");
  app.add_option("--alpn", options.alpn, "the protocol to name in ALPN")->type_name("NAME");
  app.add_option("--mqtt", words.mqtt, "5 or 3.1.1; 5 if the broker speaks it")
      ->check(CLI::IsMember({"5", "3.1.1"}))
      ->type_name("VERSION");
  app.add_option("--topic-prefix", options.topic_prefix, "nothing outside of it is touched")
      ->type_name("TOPIC")
      ->capture_default_str();
  app.add_option("--denied-topic-prefix", options.denied_topic_prefix,
                 "topics that this login must neither read nor write; the suite tries both")
      ->type_name("TOPIC");
  app.add_option("--second-broker", words.second_broker, "another node of the same cluster")
      ->type_name("URL");
  app.add_option("--restart-command", options.restart_command,
                 "a command that restarts the broker and returns when it runs again")
      ->type_name("COMMAND");
  app.add_option("--kill-command", options.kill_command,
                 "a command that kills the broker (SIGKILL) and starts it again")
      ->type_name("COMMAND");
  app.add_option("--max-wait", words.max_wait_seconds, "seconds that one answer may take")
      ->type_name("SECONDS")
      ->capture_default_str();
  app.add_flag("--invasive", options.invasive,
               "hostile packets, restarts and load also against a broker that is not on loopback: "
               "its bans and alarms may go off");
  const std::map<std::string, Load> loads{
      {"none", Load::none}, {"quick", Load::quick}, {"fleet", Load::fleet}};
  app.add_option("--load", options.load, "none, quick or fleet")
      ->transform(CLI::CheckedTransformer(loads).description(""))
      ->type_name("SIZE");
  app.add_option("--json", options.json_file, "write the results there")->type_name("FILE");
  app.add_option("--html", options.html_file, "write a report for people there")->type_name("FILE");
  app.add_option("--junit", options.junit_file, "write JUnit XML there")->type_name("FILE");
  app.add_option("--gtest_filter", options.filter, "which checks: economy.*, -safety.*, …")
      ->type_name("PATTERN");
  app.add_option("--accept", words.accepted,
                 "a check whose failure is known: it is told, and does not count; repeat it")
      ->type_name("ID");
  app.add_flag("--list", options.list, "tell all checks and end");
}

void judge_prefix(const char* option, const std::string& prefix) {
  if (!prefix.empty() && prefix.size() <= 256 && prefix.front() != '$' &&
      prefix.find_first_of("+#") == std::string::npos) {
    return;
  }
  throw UsageError(std::string(option) + " " + prefix +
                   " is no topic; write up to 256 bytes without + and #, not beginning with $");
}

void judge(SuiteOptions& options, const Words& words) {
  if (words.broker.empty()) throw UsageError("--broker is missing; write mqtts://HOST[:PORT]");
  options.broker = url_of("--broker", words.broker);
  if (words.pins.empty()) {
    throw UsageError("--pin is missing; holdfast pin --server " + options.broker.text() +
                     " shows the key that is served, holdfast pin --cert the one of a certificate");
  }
  for (const auto& pin : words.pins) options.pins.push_back(pin_of("--pin", pin));
  if (!words.backup_pin.empty()) options.backup_pin = pin_of("--backup-pin", words.backup_pin);
  if (!words.second_broker.empty()) {
    options.second_broker = url_of("--second-broker", words.second_broker);
  }
  if (!words.password_file.empty()) options.password = first_line_of(words.password_file);
  if (options.password && options.username.empty()) {
    throw UsageError("--password-file needs --username");
  }
  if (options.certificate_file.empty() != options.key_file.empty()) {
    throw UsageError("--cert and --key belong together; give both");
  }
  judge_prefix("--topic-prefix", options.topic_prefix);
  if (!options.denied_topic_prefix.empty()) {
    judge_prefix("--denied-topic-prefix", options.denied_topic_prefix);
  }
  if (!(words.max_wait_seconds >= 0.1 && words.max_wait_seconds <= 600)) {
    throw UsageError("--max-wait is out of range; give 0.1 to 600 seconds");
  }
  options.max_wait =
      std::chrono::milliseconds(static_cast<std::int64_t>(words.max_wait_seconds * 1'000));
  for (const std::string& id : words.accepted) {
    const auto& all = catalogue();
    const bool known =
        std::any_of(all.begin(), all.end(), [&](const Check& check) { return check.id == id; });
    if (!known) throw UsageError("--accept " + id + " is no check; --list tells them all");
    options.accepted.insert(id);
  }
  if (!words.mqtt.empty()) options.version = words.mqtt == "5" ? Version::v5 : Version::v311;
}

}  // namespace

bool SuiteOptions::accepts(const pinning::Pin& pin) const {
  return std::find(pins.begin(), pins.end(), pin) != pins.end() || backup_pin == pin;
}

std::optional<SuiteOptions> read_options(int argc, char** argv, int& exit_code) {
  CLI::App app(
      "Will this broker serve a fleet of devices with pinned keys well? Runs checks of its "
      "identity, "
      "its economy, its delivery, its safety, and with options its resilience and its load.\n"
      "Exit codes: 0 nothing failed, 1 a check failed, 2 usage, 3 the broker's key is not pinned, "
      "4 not reachable.",
      "holdfast-broker-test");
  app.set_version_flag("--version", std::string(holdfast::version()));
  SuiteOptions options;
  Words words;
  add_options(app, options, words);
  try {
    app.parse(argc, argv);
    if (!options.list) judge(options, words);
    return options;
  } catch (const CLI::Success& help) {
    exit_code = app.exit(help);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "holdfast-broker-test: %s; see --help\n", error.what());
    exit_code = kUsage;
  } catch (const UsageError& error) {
    std::fprintf(stderr, "holdfast-broker-test: %s\n", error.what());
    exit_code = kUsage;
  }
  return std::nullopt;
}

}  // namespace holdfast::broker_test
