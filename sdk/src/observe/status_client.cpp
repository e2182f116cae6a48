#include "observe/status_client.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/write.hpp>

#include "observe/documents.hpp"

namespace holdfast::observe {

StatusClient::StatusClient(Socket socket, ClientOwner& owner)
    : socket_(std::move(socket)), timer_(socket_.get_executor()), owner_(&owner) {
  std::error_code ignored;
  socket_.non_blocking(true, ignored);  // `watch` reads by itself
}

void StatusClient::begin() {
  expect_end();
  read();
}

void StatusClient::close() {
  owner_ = nullptr;
  close_source();
  std::error_code ignored;
  timer_.cancel();
  socket_.close(ignored);
}

void StatusClient::end() {
  if (owner_ == nullptr) return;
  ClientOwner& owner = *owner_;
  const auto self = shared_from_this();  // the owner may hold the last reference
  close();
  owner.ended(*this);
}

void StatusClient::expect_end() {
  timer_.expires_after(source_ ? limits::kTracePatience : owner_->patience());
  timer_.async_wait([self = shared_from_this()](const std::error_code& cancelled) {
    if (!cancelled) self->end();
  });
}

// --- The request ---------------------------------------------------------------------------------

void StatusClient::read() {
  socket_.async_read_some(
      asio::buffer(buffer_.data() + filled_, buffer_.size() - filled_),
      [self = shared_from_this()](const std::error_code& error, std::size_t bytes) {
        if (!self->is_open()) return;
        if (error) return self->end();
        self->came(bytes);
      });
}

void StatusClient::came(std::size_t bytes) {
  filled_ += bytes;
  const auto end = buffer_.begin() + static_cast<std::ptrdiff_t>(filled_);
  const auto line_end = std::find(buffer_.begin(), end, '\n');
  if (line_end != end) {
    std::string line(buffer_.begin(), line_end);
    if (line.ends_with('\r')) line.pop_back();
    return answer_to(line);
  }
  if (filled_ < buffer_.size()) return read();
  queue(error_document("a request is one line of at most " +
                       std::to_string(limits::kStatusRequestBytes) + " bytes") +
        "\n");
}

void StatusClient::answer_to(const std::string& line) {
  std::string why;
  const auto request = parse_request(line, why);
  if (!request) return queue(error_document(why) + "\n");
  Answer answer = owner_->answer(*request);
  if (!answer.go_on && !answer.source) return queue(std::move(answer.text));
  if (!owner_->takes_stream()) {
    return queue(error_document("there are " + std::to_string(limits::kStatusStreams) +
                                " streams already; end one of them") +
                 "\n");
  }
  is_stream_ = true;
  owner_->began_stream();
  timer_.cancel();
  if (!answer.text.empty()) queue(std::move(answer.text));
  watch();
  if (answer.go_on) return answer.go_on(shared_from_this());
  source_ = std::move(answer.source);
  source_->on_ready([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->pull();
  });
  pull();
}

// --- The answer ----------------------------------------------------------------------------------

void StatusClient::send(std::string line) {
  if (!is_open()) return;
  if (queued_bytes_ + line.size() > limits::kStatusStreamBytes) {
    ++left_out_;
    return;
  }
  if (left_out_ > 0) {
    line.insert(0, "{\"left_out\":" + std::to_string(std::exchange(left_out_, 0)) + "}\n");
  }
  queue(std::move(line += '\n'));
}

void StatusClient::queue(std::string text) {
  queued_bytes_ += text.size();
  queue_.push_back(std::move(text));
  if (!writing_) write();
}

void StatusClient::write() {
  writing_ = true;
  if (is_stream_) expect_end();
  asio::async_write(socket_, asio::buffer(queue_.front()),
                    [self = shared_from_this()](const std::error_code& error, std::size_t) {
                      if (!self->is_open()) return;
                      if (error) return self->end();
                      self->wrote();
                    });
}

void StatusClient::wrote() {
  writing_ = false;
  queued_bytes_ -= queue_.front().size();
  queue_.pop_front();
  if (!queue_.empty()) return write();
  if (!is_stream_) return end();
  timer_.cancel();
}

// --- From a source -------------------------------------------------------------------------------

// By itself and not by Asio, so that it is known at each moment what the kernel has taken: the last
// part is sent when the device ends, and nobody waits then.
void StatusClient::pull() {
  if (!is_open() || writing_) return;
  do {
    if (!send_part()) return;
    part_ = source_->take();
  } while (!part_.empty());
  if (source_->finished()) return end();
  timer_.cancel();
}

// @return false: the client has to read first, or has gone
bool StatusClient::send_part() {
  while (!part_.empty()) {
    const ssize_t count =
        ::send(socket_.native_handle(), part_.data(), part_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count >= 0) {
      part_.erase(0, static_cast<std::size_t>(count));
      continue;
    }
    if (errno == EINTR) continue;
    // Whoever has gone is noticed by `watch`.
    if (errno != EAGAIN || !is_open()) return false;
    writing_ = true;
    expect_end();
    socket_.async_wait(Socket::wait_write,
                       [self = shared_from_this()](const std::error_code& error) {
                         self->writing_ = false;
                         if (!error) self->pull();
                       });
    return false;
  }
  return true;
}

// The last block is sent if there is room for it.
void StatusClient::close_source() {
  const auto source = std::exchange(source_, nullptr);
  if (!source) return;
  source->on_ready(nullptr);
  source->finish();
  part_ += source->take();
  send_part();
}

// The client of a stream has nothing more to say; that it goes is seen at once. One that has only
// ended its own side (a shell's pipe) goes on to read.
void StatusClient::watch() {
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](const std::error_code& error) {
    if (!self->is_open()) return;
    if (error) return self->end();
    std::error_code ended;
    const std::size_t bytes = self->socket_.read_some(asio::buffer(self->buffer_), ended);
    pollfd look{self->socket_.native_handle(), 0, 0};
    if (ended == asio::error::would_block) return self->watch();
    if (!ended && bytes > 0) return self->watch();
    if (::poll(&look, 1, 0) > 0 && (look.revents & (POLLHUP | POLLERR)) != 0) return self->end();
    // Who has asked for a source asks for its end so, and reads on.
    if (self->source_) self->source_->finish();
    if (self->source_) self->pull();
    if (!self->is_open()) return;
    self->socket_.async_wait(Socket::wait_error, [self](const std::error_code& gone) {
      if (self->is_open() && !gone) self->end();
    });
  });
}

}  // namespace holdfast::observe
