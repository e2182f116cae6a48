#include "selftest/rabbitmq.hpp"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "support/ports.hpp"

namespace holdfast::broker_test {
namespace {

namespace fs = std::filesystem;

// Its own one: the one in sbin changes to the user rabbitmq, who cannot read our files.
constexpr const char* kServer = "/usr/lib/rabbitmq/bin/rabbitmq-server";
constexpr const char* kNameService = "/usr/bin/epmd";
// 11 s on an idle machine, and Erlang starts with all cores at once.
constexpr std::chrono::seconds kReadyBound{120};
constexpr std::chrono::seconds kNameServiceBound{20};
constexpr int kPortAttempts = 3;

std::string node_name(std::size_t number) {
  return "r" + std::to_string(number + 1) + "@localhost";
}

std::string quoted(const fs::path& file) {
  return "\"" + file.string() + "\"";
}

}  // namespace

bool Rabbitmq::installed() {
  return ::access(kServer, X_OK) == 0 && ::access(kNameService, X_OK) == 0;
}

std::string Rabbitmq::version() {
  return test::run({"dpkg-query", "-W", "-f", "${Version}", "rabbitmq-server"}, kNameServiceBound)
      .output;
}

Rabbitmq::Rabbitmq(RabbitmqOptions options) : options_(std::move(options)) {
  // What lets nodes talk to each other; they refuse one that others may read.
  const auto cookie = dir_.write(".erlang.cookie", "HOLDFASTBROKERTEST");
  fs::permissions(cookie, fs::perms::owner_read);
  start_name_service();
  nodes_.resize(options_.nodes);
  for (std::size_t number = 0; number < nodes_.size(); ++number) {
    bool up = false;
    for (int attempt = 0; attempt < kPortAttempts && !up; ++attempt) {
      up = launch(nodes_[number], number);
    }
    if (up) continue;
    const std::string log = this->log(number);
    end_all();
    throw std::runtime_error("RabbitMQ did not start:\n" + log);
  }
}

Rabbitmq::~Rabbitmq() {
  end_all();
}

// Killed, and not asked: what they would save is thrown away with the directory.
void Rabbitmq::end_all() {
  for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node) {
    if (node->process) node->process->kill();
  }
  if (name_service_) name_service_->kill();
}

// One of our own, which ends with us. A node that finds none starts one that outlives it.
void Rabbitmq::start_name_service() {
  for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
    name_port_ = test::unused_port();
    name_service_ = test::Process::spawn(
        {kNameService, "-d", "-d", "-port", std::to_string(name_port_), "-address", "127.0.0.1"});
    if (name_service_->wait_for_line("entering the main select() loop", kNameServiceBound)) return;
  }
  throw std::runtime_error("epmd did not start:\n" + name_service_->output());
}

void Rabbitmq::write_config(const fs::path& dir, std::uint16_t mqtt_port) const {
  test::write_file(dir / "enabled_plugins", "[rabbitmq_mqtt].\n");
  test::write_file(
      dir / "rabbitmq.conf",
      "listeners.tcp.1 = 127.0.0.1:" + std::to_string(test::unused_port()) +
          "\n"
          "mqtt.listeners.tcp = none\n"
          "mqtt.listeners.ssl.1 = 127.0.0.1:" +
          std::to_string(mqtt_port) +
          "\n"
          "mqtt.allow_anonymous = false\n"
          "default_user = " +
          options_.user + "\ndefault_pass = " + options_.password +
          "\n"
          // Each node that comes later joins the first.
          "cluster_formation.peer_discovery_backend = rabbit_peer_discovery_classic_config\n"
          "cluster_formation.classic_config.nodes.1 = " +
          node_name(0) + "\n");
  test::write_file(dir / "advanced.config",
                   "[{rabbit, [{ssl_options, [{cacertfile, " + quoted(options_.tls.cert_file) +
                       "}, {certfile, " + quoted(options_.tls.cert_file) + "}, {keyfile, " +
                       quoted(options_.tls.key_file) +
                       "}, {verify, verify_none}, {versions, ['tlsv1.3', 'tlsv1.2']}" +
                       (options_.tickets ? ", {session_tickets, stateless}" : "") + "]}]}].\n");
}

bool Rabbitmq::launch(Node& node, std::size_t number) {
  const fs::path dir = dir_.path() / std::to_string(number + 1);
  fs::remove_all(dir);
  fs::create_directories(dir);
  node.mqtt_port = test::unused_port();
  write_config(dir, node.mqtt_port);
  test::ProcessOptions process;
  process.working_directory = dir;
  process.environment = {
      {"HOME", dir_.path().string()},
      {"LC_ALL", "C.UTF-8"},
      {"RABBITMQ_NODENAME", node_name(number)},
      {"RABBITMQ_CONFIG_FILE", (dir / "rabbitmq.conf").string()},
      {"RABBITMQ_ADVANCED_CONFIG_FILE", (dir / "advanced.config").string()},
      {"RABBITMQ_ENABLED_PLUGINS_FILE", (dir / "enabled_plugins").string()},
      {"RABBITMQ_MNESIA_BASE", (dir / "mnesia").string()},
      {"RABBITMQ_LOG_BASE", (dir / "log").string()},
      {"RABBITMQ_LOGS", "-"},
      {"RABBITMQ_CONF_ENV_FILE", "/dev/null"},
      {"RABBITMQ_DIST_PORT", std::to_string(test::unused_port())},
      {"ERL_EPMD_ADDRESS", "127.0.0.1"},
      {"ERL_EPMD_PORT", std::to_string(name_port_)},
      // With it the script becomes the node instead of waiting for it, so that the node ends with
      // us.
      {"RABBITMQ_ALLOW_INPUT", "1"},
      // Erlang's schedulers spin for work before they sleep; others share this machine.
      {"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
       "-noinput +sbwt none +sbwtdcpu none +sbwtdio none "
       "-kernel inet_dist_use_interface {127,0,0,1}"}};
  node.process = test::Process::spawn({kServer}, std::move(process));
  return node.process->wait_for_line("Server startup complete", kReadyBound).has_value();
}

}  // namespace holdfast::broker_test
