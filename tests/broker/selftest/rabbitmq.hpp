// RabbitMQ with its MQTT plugin, in processes of the test's own: one node, or several that form a
// cluster. Everything of theirs is in one directory, on unused ports of loopback.
//
// Threads: one at a time.

#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/keys.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::broker_test {

struct RabbitmqOptions {
  test::Identity tls;
  std::string user;
  std::string password;
  unsigned nodes = 1;
  bool tickets = true;         ///< {session_tickets, stateless}; without it Erlang gives none
  bool quorum_queues = false;  ///< for sessions: at several nodes; else at one
};

class Rabbitmq {
 public:
  /// Whether Debian's rabbitmq-server is there; tests that need it skip otherwise.
  static bool installed();
  /// "3.10.8", of what is installed.
  static std::string version();

  /// Starts all nodes, one after the other. @throws std::runtime_error with the log of the one that
  /// does not come up
  explicit Rabbitmq(RabbitmqOptions options);
  ~Rabbitmq();
  Rabbitmq(const Rabbitmq&) = delete;
  Rabbitmq& operator=(const Rabbitmq&) = delete;

  /// Where this node speaks MQTT over TLS.
  std::uint16_t port(std::size_t node = 0) const { return nodes_.at(node).mqtt_port; }
  /// Ends the node with this signal ("TERM", "KILL"), starts it again, and returns when it runs.
  std::string again_command(const std::string& signal, std::size_t node = 0) const;
  /// Everything of theirs; each of their processes has it in its environment.
  const std::filesystem::path& dir() const { return dir_.path(); }
  std::string log(std::size_t node = 0) const { return nodes_.at(node).process->output(); }

 private:
  struct Node {
    std::uint16_t mqtt_port = 0;
    std::unique_ptr<test::Process> process{};
  };

  std::filesystem::path dir_of(std::size_t number) const;
  using Environment = std::vector<std::pair<std::string, std::string>>;
  Environment environment_of(std::size_t number) const;
  void write_script(std::size_t number, const Environment& environment, pid_t pid) const;
  void start_name_service();
  bool launch(Node& node, std::size_t number);
  void write_config(const std::filesystem::path& dir, std::uint16_t mqtt_port) const;
  void end_all();

  RabbitmqOptions options_;
  test::TempDir dir_;
  std::uint16_t name_port_ = 0;
  std::unique_ptr<test::Process> name_service_;  // epmd: the nodes find each other by it
  std::vector<Node> nodes_;
};

}  // namespace holdfast::broker_test
