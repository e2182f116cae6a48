#include "selftest/ejabberd.hpp"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "support/ports.hpp"

namespace holdfast::broker_test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kErlang = "/usr/bin/erl";
constexpr std::chrono::seconds kReadyBound{120};
constexpr std::chrono::seconds kQueryBound{20};
constexpr int kPortAttempts = 3;

// The directory of Erlang libraries that ejabberd is in: /usr/lib/x86_64-linux-gnu. Empty if it is
// not installed.
fs::path library() {
  std::error_code error;
  for (const auto& machine : fs::directory_iterator("/usr/lib", error)) {
    for (const auto& one : fs::directory_iterator(machine.path(), error)) {
      if (one.path().filename().string().starts_with("ejabberd-") &&
          fs::exists(one.path() / "ebin" / "ejabberd.beam", error)) {
        return machine.path();
      }
    }
  }
  return {};
}

}  // namespace

bool Ejabberd::installed() {
  return ::access(kErlang, X_OK) == 0 && !library().empty();
}

std::string Ejabberd::version() {
  return test::run({"dpkg-query", "-W", "-f", "${Version}", "ejabberd"}, kQueryBound).output;
}

Ejabberd::Ejabberd(EjabberdOptions options) : options_(std::move(options)) {
  for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
    if (launch()) return;
  }
  process_->kill();
  throw std::runtime_error("ejabberd did not start:\n" + log());
}

void Ejabberd::write_config() const {
  dir_.write("broker.pem",
             test::read_file(options_.tls.cert_file) + test::read_file(options_.tls.key_file));
  dir_.write("ejabberd.yml",
             "hosts: [localhost]\n"
             "loglevel: info\n"
             "certfiles: [\"" +
                 (dir_.path() / "broker.pem").string() +
                 "\"]\n"
                 "acme: {auto: false}\n"
                 "auth_method: internal\n"
                 "listen:\n"
                 "  - port: " +
                 std::to_string(port_) +
                 "\n"
                 "    ip: \"127.0.0.1\"\n"
                 "    module: mod_mqtt\n"
                 "    tls: true\n"
                 "    backlog: 1000\n"
                 "modules:\n"
                 "  mod_mqtt:\n"
                 "    access_publish: {}\n"
                 "    access_subscribe: {}\n");
}

// Without ejabberdctl, which would change to the user ejabberd, and without a node's name: so it
// needs no epmd, and there is nothing that could outlive it.
bool Ejabberd::launch() {
  port_ = test::unused_port();
  write_config();
  fs::remove_all(dir_.path() / "spool");
  fs::create_directories(dir_.path() / "spool");
  test::ProcessOptions process;
  process.working_directory = dir_.path();
  process.environment = {{"HOME", dir_.path().string()},
                         {"ERL_LIBS", library().string()},
                         {"EJABBERD_CONFIG_PATH", (dir_.path() / "ejabberd.yml").string()},
                         {"EJABBERD_LOG_PATH", (dir_.path() / "ejabberd.log").string()}};
  const std::string spool = "\"" + (dir_.path() / "spool").string() + "\"";
  const std::string add_user = "ok = ejabberd_auth:try_register(<<\"" + options_.user +
                               "\">>, <<\"localhost\">>, <<\"" + options_.password +
                               "\">>), io:format(\"user added~n\").";
  process_ =
      test::Process::spawn({kErlang, "-noinput", "+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio",
                            "none", "-mnesia", "dir", spool, "-s", "ejabberd", "-eval", add_user},
                           std::move(process));
  return process_->wait_for_line("user added", kReadyBound).has_value() &&
         process_->wait_for_line("Start accepting TLS connections", kReadyBound).has_value();
}

}  // namespace holdfast::broker_test
