#include "support/mosquitto.hpp"

#include <unistd.h>

#include <stdexcept>
#include <utility>

#include "support/ports.hpp"

namespace holdfast::test {
namespace {

constexpr std::chrono::seconds kReadyBound{20};
constexpr int kPortAttempts = 10;

// Debian installs it where the PATH of a plain user does not look.
std::string find_broker() {
  for (const char* const file : {"/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"}) {
    if (::access(file, X_OK) == 0) return file;
  }
  return "mosquitto";
}

void add_lines(std::string& text, const std::vector<std::string>& lines) {
  for (const std::string& line : lines) text += line + "\n";
}

std::string yes_no(bool value) {
  return value ? "true\n" : "false\n";
}

}  // namespace

Mosquitto::Mosquitto(MosquittoOptions options) : options_(std::move(options)) {}

void Mosquitto::start() {
  if (running()) throw std::runtime_error("this Mosquitto runs already; stop() it first");
  write_password_file();
  for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
    if (!ports_kept_) pick_ports();
    if (launch()) {
      ports_kept_ = true;
      return;
    }
    const bool port_taken = count_log("Address already in use") > 0;
    if (!port_taken || ports_kept_) break;
  }
  process_->kill();
  throw std::runtime_error("mosquitto did not start:\n" + log());
}

int Mosquitto::stop() {
  return process_ == nullptr ? 0 : process_->terminate();
}

void Mosquitto::kill() {
  if (process_ != nullptr) process_->kill();
}

void Mosquitto::restart() {
  stop();
  start();
}

std::optional<std::string> Mosquitto::wait_log(std::string_view substring,
                                               std::chrono::milliseconds bound) const {
  if (process_ == nullptr) return std::nullopt;
  return process_->wait_for_line(substring, bound);
}

bool Mosquitto::wait_log_count(std::string_view substring, std::size_t count,
                               std::chrono::milliseconds bound) const {
  return process_ != nullptr && process_->wait_for_lines(substring, count, bound);
}

std::size_t Mosquitto::count_log(std::string_view substring) const {
  return process_ == nullptr ? 0 : process_->count_lines(substring);
}

std::string Mosquitto::log() const {
  return process_ == nullptr ? "" : process_->output();
}

void Mosquitto::pick_ports() {
  plain_port_ = options_.plain_listener ? unused_port() : std::uint16_t{0};
  if (!options_.tls) return;
  do {
    tls_port_ = unused_port();
  } while (tls_port_ == plain_port_);
}

std::string Mosquitto::config() const {
  // Not 0, which is no limit: mosquitto 2.0.11 then hangs up on whoever publishes what an ACL
  // denies.
  std::string text = "log_dest stderr\nlog_type all\nmax_queued_messages 1000000\n";
  // Otherwise it changes to the user mosquitto, who cannot read our files.
  if (::geteuid() == 0) text += "user root\n";
  text += "allow_anonymous " + yes_no(options_.allow_anonymous);
  text += "set_tcp_nodelay " + yes_no(options_.set_tcp_nodelay);
  text += "max_inflight_messages " + std::to_string(options_.max_inflight_messages) + "\n";
  if (!options_.users.empty()) text += "password_file " + (dir_.path() / "users").string() + "\n";
  if (options_.persistence_dir) {
    // The broker wants the slash: it only puts the file's name behind it.
    text += "persistence true\npersistence_location " + options_.persistence_dir->string() + "/\n";
  }
  add_lines(text, options_.extra_lines);
  if (plain_port_ != 0) {
    text += "listener " + std::to_string(plain_port_) + " 127.0.0.1\n";
    add_lines(text, options_.plain_extra_lines);
  }
  if (!options_.tls) return text;
  text += "listener " + std::to_string(tls_port_) + " " + options_.tls_address + "\n";
  text += "certfile " + options_.tls->cert_file.string() + "\n";
  text += "keyfile " + options_.tls->key_file.string() + "\n";
  add_lines(text, options_.tls_extra_lines);
  return text;
}

void Mosquitto::write_password_file() const {
  if (options_.users.empty()) return;
  const std::string file = dir_.write("users", "").string();
  for (const auto& [user, password] : options_.users) {
    const RunResult result =
        run({"mosquitto_passwd", "-b", file, user, password}, std::chrono::seconds(30));
    if (result.status != 0) throw std::runtime_error("mosquitto_passwd: " + result.output);
  }
}

bool Mosquitto::launch() {
  const std::string file = dir_.write("mosquitto.conf", config()).string();
  process_ = Process::spawn({find_broker(), "-c", file}, {.environment = options_.environment});
  static const std::regex kReady("mosquitto version [^ ]+ running");
  return process_->wait_for_line(kReady, kReadyBound).has_value();
}

}  // namespace holdfast::test
