#include "selftest/rabbitmq.hpp"

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <thread>
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
constexpr std::chrono::seconds kEndBound{20};
constexpr int kPortAttempts = 3;
// Of the process that is the node now.
constexpr const char* kPidFile = "pid";

std::string node_name(std::size_t number) {
  return "r" + std::to_string(number + 1) + "@localhost";
}

// It is nobody's child here: what is seen of its end is that it has no program any more.
void end_what_the_script_started(pid_t pid) {
  ::kill(pid, SIGKILL);
  const auto bound = std::chrono::steady_clock::now() + kEndBound;
  std::error_code none;
  while (fs::exists("/proc/" + std::to_string(pid) + "/exe", none) &&
         std::chrono::steady_clock::now() < bound) {
    std::this_thread::yield();
  }
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
  for (std::size_t number = nodes_.size(); number-- > 0;) {
    const Node& node = nodes_[number];
    if (!node.process) continue;
    const pid_t first = node.process->pid();
    node.process->kill();
    const std::string last = test::read_file(dir_of(number) / kPidFile);
    if (std::stoi(last) != first) end_what_the_script_started(std::stoi(last));
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
          (options_.quorum_queues ? "\nmqtt.durable_queue_type = quorum" : "") +
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

fs::path Rabbitmq::dir_of(std::size_t number) const {
  return dir_.path() / std::to_string(number + 1);
}

Rabbitmq::Environment Rabbitmq::environment_of(std::size_t number) const {
  const fs::path dir = dir_of(number);
  return {{"HOME", dir_.path().string()},
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
          // With it the script becomes the node instead of waiting for it, so that the node ends
          // with us.
          {"RABBITMQ_ALLOW_INPUT", "1"},
          // Erlang's schedulers spin for work before they sleep; others share this machine.
          {"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
           "-noinput +sbwt none +sbwtdcpu none +sbwtdio none "
           "-kernel inet_dist_use_interface {127,0,0,1}"}};
}

// A node that it starts is in a session of its own: it outlives the command, and `pid` names it. It
// does not outlive this program, however that ends.
void Rabbitmq::write_script(std::size_t number, const Environment& environment, pid_t pid) const {
  const fs::path dir = dir_of(number);
  test::write_file(dir / kPidFile, std::to_string(pid) + "\n");
  std::string text = "cd " + dir.string() + "\n";
  for (const auto& [name, value] : environment) text += "export " + name + "='" + value + "'\n";
  text += std::string("server=") + kServer + "\ntest=" + std::to_string(::getpid()) + R"sh(
old=$(cat pid)
kill -$1 $old
while [ -e /proc/$old/exe ]; do sleep 0.1; done
: >again.log
setsid $server >again.log 2>&1 </dev/null &
echo $! >pid
setsid sh -c 'while [ -e /proc/$1/exe ] && [ -e /proc/$2/exe ]; do sleep 1; done; [ ! -e /proc/$1/exe ] || kill -KILL $1' \
  watch $! $test >/dev/null 2>&1 </dev/null &
timeout 120 sh -c 'until grep -q "Server startup complete" again.log; do sleep 0.2; done' && exit
tail -n 20 again.log
exit 1
)sh";
  test::write_file(dir / "again.sh", text);
}

std::string Rabbitmq::again_command(const std::string& signal, std::size_t node) const {
  return "/bin/sh " + (dir_of(node) / "again.sh").string() + " " + signal;
}

bool Rabbitmq::launch(Node& node, std::size_t number) {
  const fs::path dir = dir_of(number);
  fs::remove_all(dir);
  fs::create_directories(dir);
  node.mqtt_port = test::unused_port();
  write_config(dir, node.mqtt_port);
  const Environment environment = environment_of(number);
  node.process =
      test::Process::spawn({kServer}, {.environment = environment, .working_directory = dir});
  write_script(number, environment, node.process->pid());
  return node.process->wait_for_line("Server startup complete", kReadyBound).has_value();
}

}  // namespace holdfast::broker_test
