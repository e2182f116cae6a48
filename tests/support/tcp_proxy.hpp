#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace holdfast::test {

// TcpProxy forwards an ephemeral port of 127.0.0.1 to a target port of 127.0.0.1
// in a thread of its own, and is the bad network of a test. Members may be called
// from any thread; the ones that change something return when it is in force.
class TcpProxy {
 public:
  enum class Cut { kReset, kFinish };    // RST or FIN, to both sides.
  enum class Way { kBoth, kUp, kDown };  // kUp is from the client to the target.

  explicit TcpProxy(std::uint16_t target_port);
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  std::uint16_t port() const;

  // Connections accepted from clients so far, and the ones alive now.
  std::size_t connections_made() const;
  std::size_t connections_alive() const;
  bool wait_for_connections(std::size_t made, std::chrono::milliseconds bound) const;

  // Ends every connection and returns how many there were. New ones are welcome.
  std::size_t cut_all(Cut cut = Cut::kReset);
  // While true the port is closed: a connect gets "connection refused".
  void refuse_new(bool refuse);
  // While true nothing is forwarded (that way) and the sockets stay open: acks of
  // TCP still come, as the kernel sends them. What was held back goes on when it
  // becomes false, unless cut before.
  void black_hole(bool swallow, Way way = Way::kBoth);
  // Later connections go to this port.
  void set_target(std::uint16_t target_port);
  // Or to these in turn, as behind a load balancer.
  void set_targets(const std::vector<std::uint16_t>& target_ports);

  // Bytes forwarded from clients to the target, and back.
  std::uint64_t bytes_up() const;
  std::uint64_t bytes_down() const;
  // The first bytes of each client, in the order of connecting: at most 4096 of
  // each of the first 64.
  std::vector<std::string> first_bytes() const;

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace holdfast::test
