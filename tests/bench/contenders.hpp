// The clients that the benchmarks compare, behind one small interface.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <mqtt/connect_options.h>
#include <holdfast/options.hpp>

namespace holdfast::bench {

/// The broker that both meet.
struct Target {
  std::uint16_t port = 0;
  std::string pin;
  std::string certificate;  // for the rival's trust store
};

/// How each is set up, whatever is measured.
Options holdfast_options(const Target& target, const std::string& client_id);
mqtt::connect_options paho_options(const Target& target);
std::string paho_address(const Target& target);

struct Workload {
  Target target;
  std::size_t messages = 50'000;
  std::size_t bytes = 100;
  int qos = 1;
};

class Contender {
 public:
  virtual ~Contender() = default;
  virtual void connect(const Workload& workload) = 0;
  /// Publishes everything and returns once the broker has acknowledged the last message.
  virtual void publish_all(const Workload& workload) = 0;
  virtual std::uint64_t ip_bytes() = 0;
  virtual void disconnect() = 0;
};

/// "holdfast" or "paho"; ends the program for another name.
std::unique_ptr<Contender> make_contender(const std::string& name);

}  // namespace holdfast::bench
