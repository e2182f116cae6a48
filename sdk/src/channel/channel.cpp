#include "channel/channel.hpp"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <exception>
#include <system_error>
#include <utility>

#include <asio/error.hpp>
#include <asio/post.hpp>
#include <holdfast/limits.hpp>

#include "channel/tls_errors.hpp"

namespace holdfast::channel {
namespace {

// One read takes what a burst of segments left in the socket; more is read in the next turn.
constexpr std::size_t kReadBytes = std::size_t{32} * 1024;
constexpr int kInitialUnsentBytes = 16 * 1024;
// How often a probe is sent before the line is taken for dead, and how far apart.
constexpr int kProbes = 3;
constexpr std::chrono::duration<int> kProbeRepeat{10};
// Far below the least interval of TCP's probes.
constexpr auto kSilence = std::chrono::seconds(1);

void set_option(int socket, int level, int name, int value) {
  // A kernel without one of these still carries the connection, only less economically.
  (void)::setsockopt(socket, level, name, &value, sizeof value);
}

}  // namespace

Channel::Channel(const asio::any_io_executor& executor, const TlsContext& tls,
                 const std::string& host, pinning::SharedKeys keys, const Timeouts& timeouts,
                 Route route)
    : socket_(executor),
      timer_(executor),
      read_timer_(executor),
      settle_timer_(executor),
      ticket_timer_(executor),
      keys_(std::move(keys)),
      tls_(tls, host, keys_),
      timeouts_(timeouts),
      route_(std::move(route)),
      plain_text_(limits::kMaxRecordBytes) {}

Channel::~Channel() {
  drop();
}

void Channel::open(const asio::ip::tcp::endpoint& endpoint, ChannelEvents events) {
  events_ = std::move(events);
  endpoint_ = endpoint;
  phase_ = Phase::connecting;
  std::error_code error;
  socket_.open(endpoint.protocol(), error);
  if (!error) socket_.non_blocking(true, error);
  Failure failure;
  if (error) {
    failure = Failure(Errc::system_failure, "no socket: " + error.message());
  } else {
    handle_ = socket_.native_handle();
    set_socket_options();
    failure = leave_through(handle_, route_.network_interface);
  }
  if (failure) {
    asio::post(socket_.get_executor(),
               [self = shared_from_this(), failure] { self->finish(failure); });
    return;
  }
  arm_timer(timeouts_.connect);
  socket_.async_connect(endpoint, [self = shared_from_this()](const std::error_code& result) {
    if (self->phase_ != Phase::connecting) return;
    self->guard([&] { self->connected(result); });
  });
}

void Channel::set_socket_options() {
  const int socket = handle_;
  (void)::fcntl(socket, F_SETFD, FD_CLOEXEC);       // Asio leaves it to be inherited
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);  // records are gathered before they come here
  // The ACK of the SYN-ACK then travels with the ClientHello: 52 bytes less.
  set_option(socket, IPPROTO_TCP, TCP_QUICKACK, 0);
  set_option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(timeouts_.response.count()));
  set_option(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, kInitialUnsentBytes);
}

// TCP_USER_TIMEOUT governs keep-alive as well: with it, a single probe without an answer ends the
// connection, whatever TCP_KEEPCNT says (tcp(7), and tcp_keepalive_timer in the kernel). On a link
// that loses packets that would cost a set-up each time. So while the line is idle the timeout is
// long enough for all probes, and it is the short one again as soon as data is sent.
void Channel::probe_after(std::chrono::seconds silence) {
  if (phase_ != Phase::open) return;
  probe_after_ = silence;
  const bool on = silence.count() > 0;
  if (on) {
    set_option(handle_, IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(silence.count()));
    set_option(handle_, IPPROTO_TCP, TCP_KEEPINTVL, kProbeRepeat.count());
    set_option(handle_, IPPROTO_TCP, TCP_KEEPCNT, kProbes);
  }
  set_option(handle_, SOL_SOCKET, SO_KEEPALIVE, on ? 1 : 0);
  relaxed_ = true;
  expect_acknowledgement();
}

void Channel::expect_acknowledgement() {
  if (!relaxed_) return;
  relaxed_ = false;
  set_option(handle_, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(timeouts_.response.count()));
  if (probe_after_.count() > 0) relax_timeout();
}

void Channel::relax_timeout() {
  settle_timer_.expires_after(timeouts_.response);
  settle_timer_.async_wait([weak = weak_from_this()](const std::error_code& error) {
    const auto self = weak.lock();
    if (error || !self || self->phase_ != Phase::open || self->probe_after_.count() == 0) return;
    if (self->bytes_in_kernel() > 0) {
      self->relax_timeout();
      return;
    }
    const std::chrono::milliseconds patience = self->probe_after_ + kProbes * kProbeRepeat;
    set_option(self->handle_, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(patience.count()));
    self->relaxed_ = true;
  });
}

asio::ip::tcp::endpoint Channel::local_endpoint() const {
  std::error_code error;
  const auto local = socket_.local_endpoint(error);
  return error ? asio::ip::tcp::endpoint() : local;
}

Failure Channel::explain_connect(const std::error_code& error) const {
  const std::string at = route_.tunnel ? "the proxy " + peer() : peer();
  // Asio's own codes: its category (1.22) does not map to std::errc.
  if (error == asio::error::connection_refused) {
    return {Errc::connection_refused, "nothing listens on " + at + "; check the port and whether " +
                                          (route_.tunnel ? "the proxy runs" : "the broker runs")};
  }
  if (error == asio::error::timed_out) return {Errc::timed_out, at + " does not answer"};
  return {Errc::unreachable, at + " cannot be reached: " + error.message()};
}

void Channel::connected(const std::error_code& error) {
  if (error) {
    finish(explain_connect(error));
    return;
  }
  bill_.connected = true;
  if (const auto counters = sample()) {
    active_ = std::chrono::steady_clock::now();
    meter_.connected(*counters, active_);
  }
  bill_.set_up_ip_bytes = ip_bytes();
  // The proxy's answer and the handshake share one bound: what is waited for is the broker.
  arm_timer(timeouts_.handshake);
  if (route_.tunnel) {
    ask_proxy();
    return;
  }
  phase_ = Phase::handshaking;
  offer_ticket();
  wait_readable();
  shake_hands();
}

void Channel::shake_hands() {
  Failure failure;
  const TlsSession::Step step = tls_.handshake(failure);
  if (step != TlsSession::Step::need_input) free_thread_caches();
  switch (step) {
    case TlsSession::Step::need_input:
      flush();
      return;
    case TlsSession::Step::failed:
      flush();  // the alert, so that the broker's log tells the operator
      finish(std::move(failure));
      return;
    case TlsSession::Step::verified:
      break;
  }
  timer_.cancel();
  phase_ = Phase::open;
  bill_.handshaken = true;
  bill_.resumed = tls_.resumed();
  if (tickets_ != nullptr && !bill_.resumed) tickets_->proven(binding_, tls_.proven_pins());
  bill_.handshake_bytes_up = bill_.tls_bytes_up + tls_.output().size();
  bill_.handshake_bytes = bill_.handshake_bytes_up + tls_.handshake_bytes_down();
  hold();
  // A copy: the callback exchanges the callbacks.
  const auto opened = events_.opened;
  opened();
}

void Channel::hold() {
  holding_ = true;
  timer_.expires_after(kFinishedWait);
  timer_.async_wait([weak = weak_from_this()](const std::error_code& error) {
    const auto self = weak.lock();
    if (error || !self || !self->holding_) return;
    self->guard([&] { self->release(); });
  });
}

void Channel::release() {
  if (std::exchange(holding_, false)) timer_.cancel();
  flush();
}

void Channel::arm_timer(std::chrono::milliseconds time) {
  timer_.expires_after(time);
  timer_.async_wait([weak = weak_from_this(), time](const std::error_code& error) {
    const auto self = weak.lock();
    if (error || !self || self->phase_ == Phase::closed || self->phase_ == Phase::open) return;
    if (self->phase_ == Phase::closing) {
      self->finish({});
      return;
    }
    const std::string step = self->phase_ == Phase::connecting   ? "TCP connection"
                             : self->phase_ == Phase::tunnelling ? "answer of the proxy"
                                                                 : "TLS handshake";
    self->guard([&] {
      self->finish({Errc::timed_out, "no " + step + " with " + self->address() + " within " +
                                         std::to_string(time.count()) + " ms"},
                   ledger::End::reset);
    });
  });
}

void Channel::wait_readable() {
  if (reading_ || paused_ || phase_ == Phase::closed) return;
  reading_ = true;
  const auto readable = [self = shared_from_this()](const std::error_code& error) {
    self->reading_ = false;
    if (error || self->phase_ == Phase::closed) return;
    self->guard([&] { self->on_readable(); });
  };
  // Having just read, there is a good chance that more comes soon: it is read together then. A
  // timer that finds nothing costs one read, and the next wait is one for readability again.
  if (rhythm_ && just_read_) {
    just_read_ = false;
    read_timer_.expires_after(limits::kAckStep);
    read_timer_.async_wait(readable);
    return;
  }
  socket_.async_wait(asio::socket_base::wait_read, readable);
}

void Channel::on_readable() {
  if (paused_) return;
  std::array<std::uint8_t, kReadBytes> buffer;  // NOLINT: filled by recv
  const ssize_t count = ::recv(handle_, buffer.data(), buffer.size(), 0);
  if (count < 0) {
    if (errno == EAGAIN || errno == EINTR) {
      wait_readable();
    } else {
      const auto end = errno == ECONNRESET ? ledger::End::peer_reset : ledger::End::broken;
      finish(phase_ == Phase::closing ? Failure() : explain_end(errno), end);
    }
    return;
  }
  if (count == 0) {
    fin_came_ = true;
    finish(phase_ == Phase::closing ? Failure() : explain_end(0));
    return;
  }
  just_read_ = true;
  if (phase_ == Phase::tunnelling) {
    read_proxy(std::span(buffer).first(static_cast<std::size_t>(count)));
    wait_readable();
    return;
  }
  bill_.tls_bytes_down += static_cast<std::uint64_t>(count);
  offered_.reset();  // somebody has answered
  look_at_wire(Looked::after_read);
  tls_.feed(std::span(buffer).first(static_cast<std::size_t>(count)));
  if (phase_ == Phase::handshaking) shake_hands();
  if (phase_ == Phase::open || phase_ == Phase::closing) deliver();
  wait_readable();
}

Failure Channel::explain_end(int error_number) const {
  const std::string at = address();
  const std::string how =
      error_number == 0
          ? "closed the connection"
          : "connection broke (" +
                std::error_code(error_number, std::generic_category()).message() + ")";
  if (phase_ == Phase::tunnelling) {
    return {Errc::connection_lost, "the proxy " + peer() + ": " + how +
                                       " before it answered CONNECT; is it an HTTP proxy?"};
  }
  if (phase_ == Phase::handshaking && !tls_.heard_anything()) {
    return {Errc::connection_lost,
            at + ": " + how +
                " before it answered the TLS handshake; a listener "
                "without TLS does that, and so does a broker that is full or "
                "blocks this address"};
  }
  if (phase_ == Phase::handshaking) {
    return {Errc::connection_lost, at + ": " + how + " in the middle of the TLS handshake"};
  }
  if (error_number == ETIMEDOUT && relaxed_) {
    return {Errc::timed_out, at + ": no answer to " + std::to_string(kProbes) +
                                 " keep-alive probes; the line is taken for dead"};
  }
  if (error_number == ETIMEDOUT) {
    return {Errc::timed_out, at + ": data was not acknowledged for " +
                                 std::to_string(timeouts_.response.count()) +
                                 " ms; the line is taken for dead"};
  }
  // Who ended it matters to those who decide when to come back: the peer did, or the way to it is
  // gone.
  const bool by_peer = error_number == 0 || error_number == ECONNRESET || error_number == EPIPE;
  return {by_peer ? Errc::connection_lost : Errc::unreachable, at + ": " + how};
}

void Channel::deliver() {
  if (delivering_) return;
  delivering_ = true;
  const auto self = shared_from_this();  // a callback may let go of us
  while (!paused_ && (phase_ == Phase::open || phase_ == Phase::closing)) {
    // A broker writes a record for each small packet: what came together is handed on together.
    std::size_t filled = 0;
    TlsSession::Read read;
    do {
      read = tls_.read(std::span(plain_text_).subspan(filled));
      filled += read.bytes;
    } while (read.bytes > 0 && filled < plain_text_.size());
    await_tickets();
    if (filled > 0 && phase_ == Phase::open && events_.data) {
      events_.data(std::span(plain_text_).first(filled));
    }
    // In a close of ours the peer's FIN is waited for, so that the bill has it too.
    if (read.closed && phase_ == Phase::closing) break;
    if (read.failure || read.closed) {
      release();  // the alert, so that the broker's log tells the operator
      delivering_ = false;
      finish(std::move(read.failure));
      return;
    }
    if (read.bytes == 0) break;
  }
  flush();  // wolfSSL may have answered a KeyUpdate
  delivering_ = false;
}

void Channel::pause_reading(bool pause) {
  if (paused_ == pause) return;
  paused_ = pause;
  if (pause || phase_ == Phase::closed) return;
  // What was decrypted already waits inside; go on in a turn of our own, not in the caller's.
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    if (self->paused_ || self->phase_ == Phase::closed) return;
    self->guard([&] {
      self->deliver();
      self->wait_readable();
    });
  });
}

Failure Channel::write(std::span<const std::byte> plain_text) {
  if (phase_ != Phase::open) return {Errc::connection_lost, "the channel is not open"};
  Failure failure = tls_.write(plain_text);
  if (close_expected_) {
    hold();
  } else {
    release();
  }
  return failure;
}

void Channel::flush() {
  if (holding_ || phase_ == Phase::closed || phase_ == Phase::connecting ||
      phase_ == Phase::tunnelling) {
    return;
  }
  if (!tls_.output().empty()) expect_acknowledgement();
  // What TCP has sent of its own accord in a long silence is told from what follows.
  if (std::chrono::steady_clock::now() - active_ > kSilence) {
    look_at_wire(Looked::before_write);
  }
  while (!tls_.output().empty()) {
    const auto output = tls_.output();
    // The last bytes wait for the FIN, which travels with them.
    const int flags = MSG_NOSIGNAL | (phase_ == Phase::closing ? MSG_MORE : 0);
    const ssize_t count = ::send(handle_, output.data(), output.size(), flags);
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return;  // the reading side learns of it, with the reason
      break;
    }
    bill_.tls_bytes_up += static_cast<std::uint64_t>(count);
    tls_.sent(static_cast<std::size_t>(count));
  }
  if (tls_.output().empty()) {
    if (phase_ == Phase::closing && !sent_fin_) {
      sent_fin_ = true;
      (void)::shutdown(handle_, SHUT_WR);
    }
    return;
  }
  if (flushing_) return;
  flushing_ = true;
  socket_.async_wait(asio::socket_base::wait_write,
                     [self = shared_from_this()](const std::error_code& error) {
                       self->flushing_ = false;
                       if (error || self->phase_ == Phase::closed) return;
                       self->guard([&] {
                         self->flush();
                         if (self->can_write() && self->events_.writable) self->events_.writable();
                       });
                     });
}

void Channel::close() {
  if (phase_ != Phase::open) {
    if (phase_ != Phase::closing) finish({});
    return;
  }
  phase_ = Phase::closing;
  paused_ = false;
  const std::size_t before = tls_.output().size();
  tls_.close_notify();
  bill_.handshake_bytes_up += tls_.output().size() - before;
  arm_timer(limits::kCloseTimeout);
  holding_ = false;
  flush();
  wait_readable();
}

void Channel::finish(Failure why, ledger::End end) {
  if (phase_ == Phase::closed) return;
  const auto closed = std::exchange(events_.closed, nullptr);
  let_go(end);
  if (closed) closed(std::move(why));
}

void Channel::drop() {
  let_go(ledger::End::reset);
}

void Channel::let_go(ledger::End end) {
  if (phase_ == Phase::closed) return;
  bill_ = tls_bill();  // the kernel's counters go with the socket
  if (const auto counters = sample()) {
    bill_.wire = meter_.final_bill(*counters, end, std::chrono::steady_clock::now());
  }
  settle_tickets();
  phase_ = Phase::closed;
  timer_.cancel();
  read_timer_.cancel();
  settle_timer_.cancel();
  ticket_timer_.cancel();
  if (end == ledger::End::reset) {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    (void)::setsockopt(handle_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  std::error_code ignored;
  socket_.close(ignored);
}

void Channel::limit_unsent(std::size_t bytes) {
  if (phase_ != Phase::open || bytes == unsent_limit_) return;
  unsent_limit_ = bytes;
  set_option(handle_, IPPROTO_TCP, TCP_NOTSENT_LOWAT, static_cast<int>(bytes));
}

}  // namespace holdfast::channel
