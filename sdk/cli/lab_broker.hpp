// The private mosquitto of `holdfast lab`.

#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "child_process.hpp"

namespace holdfast::cli {

struct LabBrokerOptions {
  std::string program;           ///< empty: where Debian has it, else from PATH
  std::string address;           ///< of this machine, to listen on
  std::uint16_t port = 0;        ///< 0: a free one
  std::string certificate_file;  ///< all files by their full path
  std::string key_file;
  std::string users_file;      ///< as mosquitto_passwd writes it; empty: everybody gets in
  std::string config_file;     ///< which is written
  bool tells_packets = false;  ///< mosquitto's own log on stderr
};

/// Threads: the one that made it, which has to live as long (see ChildProcess).
class LabBroker {
 public:
  /// Returns when the broker takes connections. @param news called from a thread of its own when
  /// the broker has ended @throws CommandError
  LabBroker(LabBrokerOptions options, std::function<void()> news);
  /// Ends the broker.
  ~LabBroker();
  LabBroker(const LabBroker&) = delete;
  LabBroker& operator=(const LabBroker&) = delete;

  std::uint16_t port() const { return options_.port; }
  bool has_ended() const;
  /// The last lines of its log.
  std::string last_words() const;

 private:
  enum class Began { yes, no, port_taken };

  Began try_to_start();
  void end();
  void read_log(int pipe);

  LabBrokerOptions options_;
  const std::function<void()> news_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool runs_ = false;
  bool ended_ = false;
  std::deque<std::string> log_;
  std::unique_ptr<ChildProcess> process_;
  std::thread reader_;
};

}  // namespace holdfast::cli
