// libmosquitto with a thread of its own (mosquitto_loop_start), logged in over TLS.

#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "bench/contenders.hpp"
#include "support/event_wait.hpp"

struct mosquitto;

namespace holdfast::bench {

struct MosquittoUse {
  std::string client_id = "bench-mosquitto";
  int keep_alive_s = 60;          ///< what its examples use; the least is 5
  unsigned inflight = 20;         ///< unacknowledged on the line; 20 is its default
  bool clean = true;              ///< the broker keeps nothing
  std::string subscribe_to = {};  ///< empty: nothing
  /// Each message that was sent (QoS 0) or acknowledged (QoS 1), on its thread.
  std::function<void()> on_done{};
};

class MosquittoClient {
 public:
  /// Returns once it is logged in; ends the program if it cannot.
  MosquittoClient(const Target& target, MosquittoUse use);
  ~MosquittoClient();
  MosquittoClient(const MosquittoClient&) = delete;
  MosquittoClient& operator=(const MosquittoClient&) = delete;

  /// What is published while there is no connection waits for one (QoS 1).
  void publish(const char* topic, std::string_view payload, int qos);
  int socket() const;

 private:
  MosquittoUse use_;
  test::EventLog<int> up_;
  mosquitto* client_ = nullptr;
};

}  // namespace holdfast::bench
