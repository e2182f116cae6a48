#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace holdfast::test {

class ScriptedServer;

// ScriptedConnection is one accepted client, given to the handler and valid until
// the handler returns; then it is closed with FIN.
class ScriptedConnection {
 public:
  // For what the helpers below do not do (setsockopt, SSL_set_fd); blocking, with
  // a receive timeout. What is read directly from it is not recorded. Do not close.
  int fd() const { return fd_; }
  std::size_t number() const { return number_; }  // 0 is the first client.

  // receive returns what has come, at most `most` bytes; empty at the end of the
  // stream, after the receive timeout and when the server is being destroyed.
  std::string receive(std::size_t most = 65536);
  // receive_exactly returns fewer bytes than asked for only in those cases.
  std::string receive_exactly(std::size_t size);
  // Reads (and records) until the peer closes or the server is destroyed; says
  // nothing. The server that never answers.
  void receive_until_closed();
  // False when the peer is gone.
  bool send(std::string_view bytes);
  // No more to send: FIN. The peer can still send.
  void finish_sending();
  // Makes the close at the handler's end a RST.
  void reset_on_close();

 private:
  friend class ScriptedServer;
  ScriptedConnection(ScriptedServer& server, int fd, std::size_t number)
      : server_(server), fd_(fd), number_(number) {}

  ScriptedServer& server_;
  const int fd_;
  const std::size_t number_;
};

struct ScriptedServerOptions {
  enum class Family { kIPv4, kIPv6 };

  Family family = Family::kIPv4;
  std::chrono::milliseconds receive_timeout{10'000};
  std::size_t max_recorded_bytes = 1U << 20U;
};

// ScriptedServer listens on an ephemeral loopback port and gives each client to
// the handler, in a thread of its own for every client. An exception of the
// handler ends that connection. The destructor shuts all sockets down, so that
// blocking calls return, and joins.
class ScriptedServer {
 public:
  using Handler = std::function<void(ScriptedConnection&)>;

  explicit ScriptedServer(Handler handler, ScriptedServerOptions options = {});
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::size_t accepts() const;
  bool wait_for_accepts(std::size_t count, std::chrono::milliseconds bound) const;
  // Handlers that have returned.
  bool wait_for_finished(std::size_t count, std::chrono::milliseconds bound) const;
  // All bytes of all clients in the order of their coming.
  std::string received() const;
  bool wait_for_received(std::size_t bytes, std::chrono::milliseconds bound) const;

 private:
  friend class ScriptedConnection;

  struct Client {
    int fd = -1;
    std::thread thread{};
  };

  void listen();
  void accept_until_stopped();
  void serve(Client& client, std::size_t number);
  void record(std::string_view bytes);
  bool stopping() const;

  const Handler handler_;
  const ScriptedServerOptions options_;
  int listener_ = -1;
  int stop_fd_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool stopping_ = false;
  std::list<Client> clients_;
  std::size_t finished_ = 0;
  std::string received_;
  std::thread thread_;
};

}  // namespace holdfast::test
