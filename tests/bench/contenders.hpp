// The clients that the benchmarks compare, behind one small interface.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace holdfast::bench {

struct Workload {
  std::size_t messages = 50'000;
  std::size_t bytes = 100;
  int qos = 1;
  std::uint16_t port = 0;
  std::string pin;
  std::string certificate;  // the broker's, for the rival's trust store
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
