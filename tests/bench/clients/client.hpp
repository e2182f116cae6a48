// The three clients that are compared, behind one small interface: Holdfast, Paho C++ with its own
// TLS, libmosquitto. All speak MQTT 5. One thread at a time.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/contenders.hpp"

namespace holdfast::bench {

inline constexpr const char* kTopic = "bench";
inline const std::vector<std::string> kClients{"holdfast", "paho", "libmosquitto"};

/// How a client is used.
struct Use {
  std::size_t bytes = 100;  ///< of each payload
  /// Most messages that are published and not done; 0: what makes this client fastest.
  std::size_t window = 0;
  /// It is not there to be fast, but to come back by itself and lose nothing: each client as its
  /// documentation says, with its own defaults for all that it does not say. No window.
  bool comes_back = false;
  /// A subscription, so that the broker can reach it.
  bool reachable = false;
  /// Called for each message of QoS 1 that was acknowledged, on any thread. Empty: not.
  std::function<void()> on_acknowledged{};
};

class Client {
 public:
  virtual ~Client() = default;
  /// Returns once it is logged in.
  virtual void connect(const Target& target) = 0;
  /// Waits until the next message may be published: not part of the call that is measured.
  virtual void wait_for_room() = 0;
  virtual void publish(std::string_view payload, int qos) = 0;
  /// Publishes one message more, at QoS 1, and returns once it and all before it are done: a broker
  /// handles a connection's packets in order.
  virtual void finish(std::string_view payload) = 0;
  /// What its connection has cost, by the kernel's counters, headers included.
  virtual std::uint64_t ip_bytes() = 0;
  virtual void disconnect() = 0;
};

/// One of `kClients`; ends the program for another name.
std::unique_ptr<Client> make_client(const std::string& name, Use use = {});

std::unique_ptr<Client> make_holdfast(Use use);
std::unique_ptr<Client> make_paho(Use use);
std::unique_ptr<Client> make_mosquitto(Use use);

/// Of the first TCP connection to that port that this process has.
std::uint64_t ip_bytes_of_port(std::uint16_t port);

}  // namespace holdfast::bench
