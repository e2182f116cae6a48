#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace holdfast::test {

// DnsServer answers on 127.0.0.1:53 of the private network, in a thread of its own: every name has
// the addresses that it is told (A), and no other record. Throws std::runtime_error when it
// cannot listen.
class DnsServer {
 public:
  explicit DnsServer(const std::string& address);
  ~DnsServer();
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;

  void set_address(const std::string& address) { set_addresses({address}); }
  void set_addresses(std::vector<std::string> addresses);
  // While true it takes questions and says nothing.
  void be_silent(bool silent) { silent_ = silent; }
  // Questions for an A record.
  std::size_t questions() const { return questions_; }
  // IP bytes of all questions and answers so far (IPv4 and UDP).
  std::size_t ip_bytes() const { return ip_bytes_; }

 private:
  void serve();

  int socket_ = -1;
  std::atomic<bool> silent_{false};
  std::atomic<std::size_t> questions_{0};
  std::atomic<std::size_t> ip_bytes_{0};
  std::mutex mutex_;
  std::vector<std::string> addresses_;
  std::thread thread_;
};

}  // namespace holdfast::test
