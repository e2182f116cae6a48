// holdfast lab: a private broker with fresh keys, for trying things by hand.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "broker_keys.hpp"
#include "child_process.hpp"
#include "command.hpp"
#include "files.hpp"
#include "json_output.hpp"
#include "key_source.hpp"
#include "lab_broker.hpp"
#include "secret_file.hpp"
#include "wake.hpp"

namespace holdfast::cli {
namespace {

struct LabOptions {
  std::string keys;
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::string username;
  std::string password_file;
  std::string mosquitto;
  bool tells_packets = false;
  bool json = false;
  std::vector<std::string> program;
};

constexpr int kDays = 365;
constexpr std::chrono::seconds kProgramEnds{10};

// Gone at the end, with the keys in it.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::error_code error;
    path_ = (std::filesystem::temp_directory_path(error) / "holdfast-lab-XXXXXX").string();
    if (error || ::mkdtemp(path_.data()) == nullptr) {
      refuse("no temporary directory can be made", path_, "TMPDIR names another place");
    }
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  std::string file(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

bool is_address(int family, const std::string& text) {
  in6_addr parsed{};  // large enough for both
  return ::inet_pton(family, text.c_str(), &parsed) == 1;
}

// The name under which devices find it.
std::string host_for(const std::string& address) {
  if (address == "0.0.0.0" || address == "::") {
    std::array<char, 256> name{};
    ::gethostname(name.data(), name.size() - 1);
    return name.data();
  }
  return is_address(AF_INET6, address) ? "[" + address + "]" : address;
}

bool is_loopback(const std::string& address) {
  return address.starts_with("127.") || address == "::1";
}

std::string pin_for(const std::string& directory, const std::string& name,
                    const std::string& host) {
  const std::string certificate = broker_key_file(directory, name, "crt");
  const std::string key = broker_key_file(directory, name, "key");
  if (!exists(certificate) && !exists(key)) return write_broker_key(directory, name, {host}, kDays);
  std::string pin = key_of_certificate(certificate).pin.text();
  if (key_of_key_file(key).pin.text() != pin) {
    refuse("the certificate in " + certificate + " is not of the key in " + key, "",
           "take both away for new ones");
  }
  return pin;
}

// What `holdfast lab` tells of its broker.
struct Lab {
  std::string url;
  std::vector<std::string> pins;
  std::string config;  ///< a file for --config
};

std::string as_config(const LabOptions& options, const Lab& lab) {
  // A JSON string is a string of TOML as well.
  std::string text = "# The broker of a `holdfast lab` that runs.\n[broker]\n";
  text += "url = " + Json(lab.url).dump() + "\npins = " + Json(lab.pins).dump() + "\n";
  if (!options.username.empty()) {
    text += "\n[device]\nusername = " + Json(options.username).dump() + "\npassword_file = " +
            Json(std::filesystem::absolute(options.password_file).string()).dump() + "\n";
  }
  return text;
}

void tell(const LabOptions& options, const Lab& lab) {
  if (options.json) {
    print(Json{{"broker", lab.url}, {"pins", lab.pins}, {"config", lab.config}}.dump() + "\n");
    return;
  }
  const std::string lines = "broker  " + lab.url + "\npin     " + lab.pins[0] +
                            "  (in service)\npin     " + lab.pins[1] + "  (backup)\nconfig  " +
                            lab.config + "\n";
  if (!options.program.empty()) {  // whose own stdout is
    std::fputs(lines.c_str(), stderr);
    return;
  }
  print(lines);
  note("lab", "it runs until Ctrl-C. In other terminals:");
  note("lab", "  holdfast sub --config " + lab.config + " --filter '#'");
  note("lab", "  holdfast pub --config " + lab.config + " --topic t --message hello");
}

// The same as in the config file, for a program that is run.
std::vector<std::pair<std::string, std::string>> variables(const LabOptions& options,
                                                           const Lab& lab) {
  std::vector<std::pair<std::string, std::string>> all{
      {"HOLDFAST_BROKER_URL", lab.url}, {"HOLDFAST_BROKER_PINS", lab.pins[0] + "," + lab.pins[1]}};
  if (!options.username.empty()) {
    all.emplace_back("HOLDFAST_DEVICE_USERNAME", options.username);
    all.emplace_back("HOLDFAST_DEVICE_PASSWORD_FILE",
                     std::filesystem::absolute(options.password_file).string());
  }
  return all;
}

// mosquitto_passwd takes passwords from a terminal, from its command line, which everybody can see,
// or from a file that it then turns into one of hashes.
std::string write_users(const LabOptions& options, const ScratchDirectory& scratch) {
  if (options.username.empty()) return {};
  const std::string password =
      read_secret("lab", "--password-file", options.password_file, "the password");
  if (options.username.find_first_of(":\n") != std::string::npos) {
    refuse("--username cannot be one for mosquitto", options.username, "leave out the colon");
  }
  std::string file = scratch.file("users");
  write_new_file(file, options.username + ":" + password + "\n", Access::owner_only);
  ChildProcess hashing({"mosquitto_passwd", "-U", file}, {.in_background = true});
  if (hashing.wait() != 0) {
    refuse("mosquitto_passwd has failed", "", "it comes with mosquitto: apt-get install mosquitto");
  }
  return file;
}

[[noreturn]] void fail_without_broker(const LabBroker& broker) {
  throw CommandError(kNotReachable, "the broker has ended", broker.last_words(), "");
}

// Until the program ends, or the broker, or somebody has had enough.
int run_beside(const LabOptions& options, const Lab& lab, const LabBroker& broker, Wake& wake) {
  std::unique_ptr<ChildProcess> program;
  if (!options.program.empty()) {
    program = std::make_unique<ChildProcess>(options.program,
                                             ChildOptions{.environment = variables(options, lab)});
  }
  for (;;) {
    const auto woken = wake.wait(std::nullopt, program ? program->descriptor() : -1);
    if (woken.input) return program->wait();
    if (broker.has_ended()) {
      if (program) program->end(kProgramEnds);
      fail_without_broker(broker);
    }
    if (woken.interrupted) return program ? program->end(kProgramEnds) : kDone;
  }
}

void check(const LabOptions& options) {
  if (!is_address(AF_INET, options.address) && !is_address(AF_INET6, options.address)) {
    refuse("--listen is no IP address", options.address,
           "127.0.0.1 is for this machine alone, 0.0.0.0 for whoever reaches it");
  }
  if (options.username.empty() && !is_loopback(options.address)) {
    note("lab", "whoever reaches " + options.address +
                    " may publish and subscribe; --username and --password-file ask for a login");
  }
}

int run(const LabOptions& options) {
  check(options);
  Wake wake;  // before the broker's threads, which must not receive its signals
  const ScratchDirectory scratch;
  const std::string keys = options.keys.empty() ? scratch.path() : options.keys;
  make_directory(keys);
  Lab lab{.url = {},
          .pins = {pin_for(keys, "broker", "localhost"), pin_for(keys, "backup", "localhost")},
          .config = scratch.file("device.toml")};
  const LabBroker broker(
      {.program = options.mosquitto,
       .address = options.address,
       .port = options.port,
       .certificate_file = std::filesystem::absolute(broker_key_file(keys, "broker", "crt")),
       .key_file = std::filesystem::absolute(broker_key_file(keys, "broker", "key")),
       .users_file = write_users(options, scratch),
       .config_file = scratch.file("mosquitto.conf"),
       .tells_packets = options.tells_packets},
      [&wake] { wake.notify(); });
  lab.url = "mqtts://" + host_for(options.address) + ":" + std::to_string(broker.port());
  write_new_file(lab.config, as_config(options, lab), Access::owner_only);
  tell(options, lab);
  return run_beside(options, lab, broker, wake);
}

}  // namespace

void add_lab(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand(
      "lab", "start a private broker with fresh keys, for trying things by hand");
  const auto options = std::make_shared<LabOptions>();
  command
      ->add_option("--keys", options->keys,
                   "keep the keys in this directory, and take those that are in it, so that the "
                   "pins stay the same; without it they are gone at the end")
      ->type_name("DIR");
  command->add_option("--listen", options->address, "the address of this machine to listen on")
      ->type_name("ADDRESS")
      ->capture_default_str();
  command->add_option("--port", options->port, "the port; unless told a free one")
      ->check(CLI::Range(1, 65'535))
      ->type_name("PORT");
  auto* username =
      command->add_option("--username", options->username, "let in only who logs in by this name")
          ->type_name("NAME");
  auto* password = command
                       ->add_option("--password-file", options->password_file,
                                    "a file with the password in its first line")
                       ->type_name("FILE");
  username->needs(password);
  password->needs(username);
  command->add_option("--mosquitto", options->mosquitto, "the mosquitto to run")->type_name("FILE");
  command->add_flag("--verbose", options->tells_packets,
                    "print the broker's log, each packet in it, on stderr");
  auto* json = command->add_flag("--json", options->json,
                                 "print one JSON object that names broker and pins");
  command
      ->add_option("program", options->program,
                   "a program to run meanwhile, behind --: it finds broker and pins in the "
                   "environment, and its exit code becomes this one's")
      ->type_name("PROGRAM ARGUMENT...")
      ->excludes(json);
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace holdfast::cli
