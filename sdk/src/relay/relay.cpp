#include "relay/relay.hpp"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include <asio/post.hpp>

#include "base/own_socket.hpp"
#include "base/paho_proxy.hpp"

namespace holdfast::relay {
namespace {

constexpr std::size_t kReadBytes = std::size_t{16} * 1024;
constexpr std::size_t kMaxGreetingBytes = std::size_t{4} * 1024;
// Above this, Paho is behind and the broker is asked to wait.
constexpr std::size_t kInboundHighWater = std::size_t{64} * 1024;
// Paho writes what it was handed, and we bound that: the longest of its packets is a CONNECT with a
// will.
constexpr std::size_t kMaxOutboundPacketBytes = limits::kMaxPayloadBytes + std::size_t{64} * 1024;

constexpr std::array<std::byte, 2> kPingresp{std::byte{0xD0}, std::byte{0}};

// A broker sends no other types, and their flags are fixed but for PUBLISH (MQTT 5 section 2.1.3).
// What is not MQTT at all is told from it by its first byte, mostly.
bool may_come_from_broker(const Piece& piece) {
  switch (piece.type) {
    case PacketType::connect:
    case PacketType::subscribe:
    case PacketType::unsubscribe:
    case PacketType::pingreq:
      return false;
    case PacketType::publish:
      return (piece.flags & 0x6) != 0x6;  // QoS 3
    case PacketType::pubrel:
      return piece.flags == 2;
    default:
      return piece.flags == 0;
  }
}

// Paho 1.3.12 keeps the properties of a refusal to itself.
bool tells_of_the_session(PacketType type) {
  return type == PacketType::connack || type == PacketType::disconnect;
}

// Answers to what we publish ourselves.
bool is_ours(PacketType type) {
  return type == PacketType::puback || type == PacketType::pubrec || type == PacketType::pubcomp;
}

void count(std::array<std::uint64_t, 16>& side, PacketType type, std::size_t bytes) {
  side[static_cast<std::size_t>(type)] += bytes;
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace

Relay::Relay(const asio::any_io_executor& executor, RelayEvents events)
    : acceptor_(executor),
      paho_(executor),
      gather_timer_(executor),
      subscribe_timer_(executor),
      events_(std::move(events)),
      outbound_(kMaxOutboundPacketBytes),
      inbound_(limits::kMaxInboundPacketBytes) {}

Relay::~Relay() {
  close();
}

void Relay::close() {
  phase_ = Phase::closed;
  gather_timer_.cancel();
  subscribe_timer_.cancel();
  std::error_code ignored;
  acceptor_.close(ignored);
  paho_.close(ignored);
}

std::uint16_t Relay::listen(Failure& failure) {
  const asio::ip::tcp::endpoint any(asio::ip::address_v4::loopback(), 0);
  std::error_code error;
  acceptor_.open(any.protocol(), error);
  if (!error) (void)::fcntl(acceptor_.native_handle(), F_SETFD, FD_CLOEXEC);
  if (!error) acceptor_.bind(any, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (!error) acceptor_.non_blocking(true, error);
  const auto bound = error ? any : acceptor_.local_endpoint(error);
  if (error) {
    failure = Failure(Errc::system_failure,
                      "the private pipe could not be opened on 127.0.0.1: " + error.message());
    return 0;
  }
  phase_ = Phase::listening;
  accept();
  return bound.port();
}

void Relay::accept() {
  acceptor_.async_accept(paho_, [self = shared_from_this()](const std::error_code& error) {
    if (self->phase_ != Phase::listening) return;
    if (error) {
      self->break_off(Errc::system_failure, "the private pipe failed: " + error.message());
      return;
    }
    std::error_code ignored;
    const auto remote = self->paho_.remote_endpoint(ignored);
    const auto descriptor = find_own_peer(self->paho_.native_handle());
    if (!descriptor) {
      self->paho_.close(ignored);
      self->events_.intruder("a process that is not ours connected to the private pipe from port " +
                             std::to_string(remote.port()) + " and was dropped");
      self->accept();
      return;
    }
    self->acceptor_.close(ignored);
    self->paho_.non_blocking(true, ignored);
    (void)::fcntl(self->paho_.native_handle(), F_SETFD, FD_CLOEXEC);
    const int on = 1;
    (void)::setsockopt(self->paho_.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    // Paho does not set it on its own end, and Nagle's algorithm would hold the second packet of a
    // burst back until our delayed ACK, 40 ms later. The descriptor is this process's.
    (void)::setsockopt(*descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    self->phase_ = Phase::greeting;
    self->send_to_paho(bytes_of(kPahoProxyAnswer));
    self->flush_to_paho();
    self->wait_paho_readable();
    self->events_.dialled_in();
  });
}

// --- Paho to broker ------------------------------------------------------------------------------

void Relay::wait_paho_readable() {
  if (reading_ || paho_ended_ || phase_ == Phase::closed) return;
  reading_ = true;
  paho_.async_wait(asio::socket_base::wait_read,
                   [self = shared_from_this()](const std::error_code& error) {
                     self->reading_ = false;
                     if (!error && self->phase_ != Phase::closed) self->on_paho_readable();
                   });
}

void Relay::on_paho_readable() {
  if (!wire_takes_) return;  // wire_ready goes on
  if (!read_from_paho()) return;
  if (phase_ != Phase::closed && !gathering_) wait_paho_readable();
}

// @return false if the pipe has ended.
bool Relay::read_from_paho() {
  std::array<std::byte, kReadBytes> buffer;  // NOLINT: filled by recv
  const ssize_t count = ::recv(paho_.native_handle(), buffer.data(), buffer.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (count <= 0) {
    paho_ended();
    return false;
  }
  last_read_ = std::chrono::steady_clock::now();
  const auto bytes = std::span<const std::byte>(buffer).first(static_cast<std::size_t>(count));
  if (phase_ == Phase::greeting) {
    greet(bytes);
  } else {
    take_from_paho(bytes);
  }
  return phase_ != Phase::closed;
}

void Relay::greet(std::span<const std::byte> bytes) {
  greeting_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto end = greeting_.find("\r\n\r\n");
  if (end == std::string::npos) {
    if (greeting_.size() > kMaxGreetingBytes ||
        !std::string_view("CONNECT ").starts_with(std::string_view(greeting_).substr(0, 8))) {
      break_off(Errc::protocol_error, "Paho did not greet the private pipe as its proxy");
    }
    return;
  }
  const std::string rest = greeting_.substr(end + 4);
  greeting_.clear();
  phase_ = Phase::open;
  if (!rest.empty()) take_from_paho(bytes_of(rest));
}

void Relay::take_from_paho(std::span<const std::byte> bytes) {
  while (!bytes.empty() && phase_ == Phase::open) {
    const Piece piece = outbound_.next(bytes);
    if (piece.kind == Piece::Kind::error) {
      break_off(Errc::protocol_error, std::string("Paho wrote what is not MQTT: ") + piece.error);
      return;
    }
    if (piece.kind == Piece::Kind::packet) pass_packet(piece);
  }
  flush_or_wait();
}

void Relay::pass_packet(const Piece& piece) {
  if (piece.type == PacketType::pingreq) {
    if (piece.ends) {
      ++pings_to_answer_;
      answer_pings();
      insert_ours();
    }
    return;
  }
  if (gathered_.empty()) gathered_first_ = last_read_;
  gathered_.insert(gathered_.end(), piece.bytes.begin(), piece.bytes.end());
  count(carried_.up, piece.type, piece.bytes.size());
  if (!piece.ends) return;
  if (piece.type == PacketType::subscribe && expected_ > 0) --expected_;
  passing_.push_back(piece.type);
  insert_ours();
}

void Relay::send(std::span<const std::byte> packet) {
  ours_.insert(ours_.end(), packet.begin(), packet.end());
  const auto type = static_cast<PacketType>(std::to_integer<std::uint8_t>(packet.front()) >> 4);
  ours_passing_.push_back(type);
  count(carried_.up, type, packet.size());
  insert_ours();
}

void Relay::insert_ours() {
  if (ours_.empty() || phase_ != Phase::open || !outbound_.at_boundary()) return;
  if (expected_ > 0) {
    wait_for_subscribe();
    return;
  }
  gathered_.insert(gathered_.end(), ours_.begin(), ours_.end());
  passing_.insert(passing_.end(), ours_passing_.begin(), ours_passing_.end());
  ours_.clear();
  ours_passing_.clear();
  held_since_.reset();
}

// As a rule it comes within a millisecond. By going before it in the end nothing is lost but the
// answer to a request, perhaps.
void Relay::wait_for_subscribe() {
  const auto now = std::chrono::steady_clock::now();
  if (!held_since_) held_since_ = now;
  if (std::exchange(subscribe_timer_runs_, true)) return;
  subscribe_timer_.expires_at(*held_since_ + limits::kSubscribeTime);
  subscribe_timer_.async_wait([self = shared_from_this()](const std::error_code& error) {
    self->subscribe_timer_runs_ = false;
    if (error || self->phase_ != Phase::open || !self->held_since_) return;
    // These may be others than those that the timer was set for.
    if (std::chrono::steady_clock::now() < *self->held_since_ + limits::kSubscribeTime) {
      self->wait_for_subscribe();
      return;
    }
    self->expected_ = 0;
    self->insert_ours();
    self->flush();
  });
}

void Relay::flush() {
  if (phase_ == Phase::open && wire_takes_) flush_to_wire();
}

// More is known to come when subscriptions were handed to Paho that have not shown up here yet:
// then the record stays open for them, within bounds. Else what is there goes out at once.
void Relay::flush_or_wait() {
  if (phase_ != Phase::open || gathered_.empty() || !wire_takes_) return;
  if (expected_ == 0 || gathered_.size() >= limits::kMaxRecordBytes) {
    flush_to_wire();
  } else if (!gathering_) {
    gather();
  }
}

// Meanwhile Paho's socket is looked at every now and then: to be woken for each of its packets, one
// by one, would cost more than all else that is done here.
void Relay::gather() {
  gathering_ = true;
  gather_timer_.expires_after(limits::kGatherStep);
  gather_timer_.async_wait([self = shared_from_this()](const std::error_code& error) {
    self->gathering_ = false;
    if (error || self->phase_ != Phase::open || !self->wire_takes_) return;
    if (!self->read_from_paho() || !self->wire_takes_) return;
    if (!self->gathered_.empty()) {
      const auto now = std::chrono::steady_clock::now();
      if (now - self->last_read_ >= limits::kGatherTime ||
          now - self->gathered_first_ >= limits::kGatherMost) {
        self->flush_to_wire();
      }
    }
    if (self->phase_ != Phase::open || !self->wire_takes_ || self->gathering_) return;
    if (self->expected_ > 0 && !self->gathered_.empty()) {
      self->gather();
    } else {
      self->wait_paho_readable();
    }
  });
}

void Relay::flush_to_wire() {
  if (gathered_.empty()) return;
  wire_takes_ = events_.to_wire(gathered_);
  gathered_.clear();
  const auto passed = std::exchange(passing_, {});
  for (const PacketType type : passed) {
    if (phase_ == Phase::closed) return;
    events_.passed(type);
  }
}

void Relay::wire_ready() {
  if (wire_takes_ || phase_ == Phase::closed) return;
  wire_takes_ = true;
  flush_or_wait();
  if (wire_takes_ && !gathering_) wait_paho_readable();
}

void Relay::paho_ended() {
  paho_ended_ = true;
  if (phase_ == Phase::open) flush_to_wire();
  if (phase_ != Phase::closed) events_.hung_up();
}

// --- Broker to Paho ------------------------------------------------------------------------------

void Relay::from_wire(std::span<const std::byte> bytes) {
  while (!bytes.empty() && phase_ == Phase::open) {
    const Piece piece = inbound_.next(bytes);
    const bool foreign = piece.kind == Piece::Kind::packet && !may_come_from_broker(piece);
    if (piece.kind == Piece::Kind::error || foreign) {
      break_off(Errc::protocol_error,
                std::string("the broker sent what is not MQTT: ") +
                    (foreign ? "a packet that no broker sends" : piece.error) +
                    "; check that host and port are those of an MQTT listener");
      return;
    }
    if (piece.kind != Piece::Kind::packet) break;
    if (events_.overheard && tells_of_the_session(piece.type)) events_.overheard(piece);
    count(carried_.down, piece.type, piece.bytes.size());
    // A PINGRESP answers a ping of the session's; Paho has had its answers from here.
    if (is_ours(piece.type)) {
      events_.answered(piece);
    } else if (piece.type != PacketType::pingresp) {
      send_to_paho(piece.bytes);
    }
    if (piece.ends) {
      events_.arrived(piece.type);
      answer_pings();
    }
  }
  flush_to_paho();
}

void Relay::answer_pings() {
  if (pings_to_answer_ == 0 || !inbound_.at_boundary()) return;
  for (; pings_to_answer_ > 0; --pings_to_answer_) send_to_paho(kPingresp);
  flush_to_paho();
}

void Relay::send_to_paho(std::span<const std::byte> bytes) {
  to_paho_.insert(to_paho_.end(), bytes.begin(), bytes.end());
}

void Relay::flush_to_paho() {
  if (phase_ == Phase::closed || phase_ == Phase::listening) return;
  while (!writing_ && to_paho_sent_ < to_paho_.size()) {
    const ssize_t count = ::send(paho_.native_handle(), to_paho_.data() + to_paho_sent_,
                                 to_paho_.size() - to_paho_sent_, MSG_NOSIGNAL);
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return;  // the reading side learns of it
      wait_paho_writable();
      break;
    }
    to_paho_sent_ += static_cast<std::size_t>(count);
  }
  // Under a flood the queue may never be empty: what Paho has taken is not kept.
  if (to_paho_sent_ == to_paho_.size() || to_paho_sent_ > kInboundHighWater) {
    to_paho_.erase(to_paho_.begin(), to_paho_.begin() + static_cast<std::ptrdiff_t>(to_paho_sent_));
    to_paho_sent_ = 0;
  }
  const std::size_t left = to_paho_.size() - to_paho_sent_;
  if (left == 0 && wire_ended_ && !sent_end_) {
    sent_end_ = true;
    (void)::shutdown(paho_.native_handle(), SHUT_WR);
  }
  if (full_ != (left > kInboundHighWater)) {
    full_ = !full_;
    events_.full(full_);
  }
}

void Relay::wait_paho_writable() {
  writing_ = true;
  paho_.async_wait(asio::socket_base::wait_write,
                   [self = shared_from_this()](const std::error_code& error) {
                     self->writing_ = false;
                     if (!error) self->flush_to_paho();
                   });
}

void Relay::wire_ended() {
  wire_ended_ = true;
  flush_to_paho();
}

void Relay::break_off(Errc errc, std::string detail) {
  if (phase_ == Phase::closed) return;
  const auto broken = events_.broken;
  close();
  broken(Failure(errc, std::move(detail)));
}

}  // namespace holdfast::relay
