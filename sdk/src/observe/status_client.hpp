// One client of the status socket, from its request to the end of the answer.
//
// Threads: the socket's executor's only.

#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>

#include <asio/local/stream_protocol.hpp>
#include <asio/steady_timer.hpp>

#include <holdfast/limits.hpp>

#include "observe/status_socket.hpp"

namespace holdfast::observe {

class StatusClient;

/// Who serves the clients. It closes them before it goes.
class ClientOwner {
 public:
  virtual std::chrono::milliseconds patience() const = 0;
  virtual Answer answer(const Request& request) = 0;
  virtual bool takes_stream() const = 0;
  virtual void began_stream() = 0;
  /// It has closed itself: not told of one that is closed from outside.
  virtual void ended(const StatusClient& client) = 0;

 protected:
  ~ClientOwner() = default;
};

class StatusClient final : public Stream, public std::enable_shared_from_this<StatusClient> {
 public:
  using Socket = asio::local::stream_protocol::socket;

  StatusClient(Socket socket, ClientOwner& owner);

  void begin();
  /// Nothing is told to the owner any more.
  void close();
  bool is_stream() const { return is_stream_; }

  // Stream.
  bool is_open() const override { return owner_ != nullptr; }
  void send(std::string line) override;

 private:
  void read();
  void came(std::size_t bytes);
  void answer_to(const std::string& line);
  void queue(std::string text);
  void write();
  void wrote();
  void watch();
  void expect_end();
  void pull();
  bool send_part();
  void close_source();
  void end();

  Socket socket_;
  asio::steady_timer timer_;
  ClientOwner* owner_;  // null: closed
  std::array<char, limits::kStatusRequestBytes> buffer_{};
  std::size_t filled_ = 0;
  std::unique_ptr<Source> source_;
  std::string part_;  // of the source, and not yet sent
  std::deque<std::string> queue_;
  std::size_t queued_bytes_ = 0;
  std::size_t left_out_ = 0;
  bool is_stream_ = false;
  bool writing_ = false;
};

}  // namespace holdfast::observe
