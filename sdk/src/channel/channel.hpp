// One TLS 1.3 connection over one TCP socket, from connect to close.
//
// A channel carries nothing before its verdict: `opened` is called after the handshake has finished
// with a pinned key, and only then does `write` take bytes.
//
// Threads: everything happens on the executor's thread. No callback is made from within `write`,
// `pause_reading` or `drop`. After `closed`, or after `drop`, no callback is made any more.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

#include <holdfast/options.hpp>

#include "base/failure.hpp"
#include "channel/http_tunnel.hpp"
#include "channel/reach.hpp"
#include "channel/tickets.hpp"
#include "channel/tls_session.hpp"
#include "channel/wire_sample.hpp"
#include "ledger/wire_meter.hpp"

namespace holdfast::channel {

struct ChannelEvents {
  std::function<void()> opened;
  std::function<void(std::span<const std::byte>)> data;
  /// Everything that was written is with the kernel.
  std::function<void()> writable;
  /// The connection ended; the failure is empty when the peer or we closed it in order.
  std::function<void(Failure)> closed;
};

/// What a channel has cost; the last state stays readable after it was closed.
struct ChannelBill {
  ledger::WireBill wire;
  std::uint64_t tls_bytes_up = 0;
  std::uint64_t tls_bytes_down = 0;
  std::uint64_t handshake_bytes_up = 0;  ///< of those; with TLS's own end of the connection
  std::uint64_t handshake_bytes_down = 0;
  std::uint64_t proxy_bytes_up = 0;  ///< what was said with a proxy before TLS
  std::uint64_t proxy_bytes_down = 0;
  std::uint64_t ticket_bytes_down = 0;  ///< of those: records without a byte for MQTT
  std::uint64_t tls_records_up = 0;
  std::uint64_t handshake_bytes = 0;  ///< of those TLS bytes, both ways, up to the verdict
  /// IP bytes, both ways, when TCP stood; the third packet travels with what comes next, as a rule.
  std::uint64_t set_up_ip_bytes = 0;
  std::uint64_t tunnel_ip_bytes = 0;  ///< and from there to the proxy's answer
  bool connected = false;             ///< TCP was established
  bool handshaken = false;            ///< the verdict was positive
  bool resumed = false;               ///< by a ticket of an earlier connection
};

class Channel : public std::enable_shared_from_this<Channel> {
 public:
  Channel(const asio::any_io_executor& executor, const TlsContext& tls, const std::string& host,
          pinning::SharedKeys keys, const Timeouts& timeouts, Route route = {});
  ~Channel();

  /// Takes a ticket for the handshake from here, and brings those that come. Before `open`; they
  /// must outlive the connection.
  void use_tickets(Tickets& tickets, resumption::Binding binding);

  /// Connects and shakes hands; answers with `opened` or `closed`.
  void open(const asio::ip::tcp::endpoint& endpoint, ChannelEvents events);

  /// Exchanges the callbacks: the dialler hands an open channel over to the link.
  void set_events(ChannelEvents events) { events_ = std::move(events); }

  /// Encrypts and sends. Call it while `can_write`; what the kernel does not take at once is kept
  /// and `writable` tells when it is gone.
  Failure write(std::span<const std::byte> plain_text);
  bool can_write() const { return phase_ == Phase::open && (holding_ || tls_.output().empty()); }

  /// How long our Finished waits for the first bytes that are written: together they are one
  /// segment, and the broker cannot do anything with it alone. Below the delayed acknowledgement
  /// (40 ms), so that the waiting costs no segment of its own.
  static constexpr auto kFinishedWait = std::chrono::milliseconds(30);
  /// How long further tickets are waited for after the first.
  static constexpr auto kTicketWait = std::chrono::milliseconds(20);

  /// Stops reading from the socket (back-pressure), or goes on.
  void pause_reading(bool pause);

  /// Reads in a rhythm (`limits::kAckStep`) instead of at once, for as long as it is set: many
  /// small records are expected, and none is urgent.
  void read_in_rhythm(bool rhythm) { rhythm_ = rhythm; }

  /// Has the kernel send a TCP keep-alive probe whenever nothing has come for so long; 0: never.
  /// What has to go out and is not acknowledged is found out as soon as ever, and a probe is
  /// repeated before its silence counts.
  void probe_after(std::chrono::seconds silence);

  /// `close` follows the next write closely: what is written waits for it, so that all that ends
  /// the connection is one segment; for `kFinishedWait` at most.
  void expect_close() { close_expected_ = true; }
  /// close_notify, FIN, and then up to `limits::kCloseTimeout` for the peer's own end, so that the
  /// closing segments are counted. Ends with `closed`.
  void close();

  /// Drops the connection at once, without a callback. The peer gets a RST: whoever drops a
  /// connection does not want to pay for what the kernel would go on to repeat on a dead line.
  void drop();

  /// The broker's address for a person: ADDRESS:PORT, with brackets where they belong; through a
  /// proxy the broker's name and the address of the proxy.
  std::string address() const;
  /// The host has no longer the address that this connection comes from.
  bool lost_its_address() const;
  /// This device's own; unspecified without a connection.
  asio::ip::address local_address() const { return local_endpoint().address(); }
  asio::ip::tcp::endpoint local_endpoint() const;
  /// The broker's, or the proxy's.
  const asio::ip::tcp::endpoint& remote_endpoint() const { return endpoint_; }
  bool resumed() const { return tls_.resumed(); }
  const pinning::TrustedKeys::Match& vouching() const { return tls_.vouching(); }
  /// The key that was shown, and refused because no pin matches it.
  std::optional<pinning::Pin> refused_pin() const { return tls_.refused_pin(); }
  /// The keys that the verified connection rests on, the broker's own first.
  const std::vector<pinning::Pin>& proven_pins() const { return tls_.proven_pins(); }
  /// Bytes of cipher text that the kernel has not taken yet.
  std::size_t unsent_bytes() const { return tls_.output().size(); }
  /// Bytes of cipher text that the kernel has, unsent or not acknowledged.
  std::size_t bytes_in_kernel() const { return channel::bytes_in_kernel(handle_); }
  /// All bytes of cipher text that the kernel has taken.
  std::uint64_t taken_bytes() const { return bill_.tls_bytes_up; }
  /// Adapts how much the kernel may hold unsent (TCP_NOTSENT_LOWAT).
  void limit_unsent(std::size_t bytes);
  ChannelBill bill() const;
  RoundTrips round_trips() const;

 private:
  enum class Phase { idle, connecting, tunnelling, handshaking, open, closing, closed };
  enum class Looked { after_read, before_write };

  template <class Step>
  void guard(Step step);
  void set_socket_options();
  void connected(const std::error_code& error);
  void ask_proxy();
  void read_proxy(std::span<const std::uint8_t> bytes);
  std::string peer() const;
  void offer_ticket();
  void await_tickets();
  void keep_ticket();
  void tell_cost();
  void settle_tickets() noexcept;
  void shake_hands();
  void wait_readable();
  void on_readable();
  void deliver();
  void flush();
  void arm_timer(std::chrono::milliseconds time);
  void hold();
  void release();
  void finish(Failure why, ledger::End end = ledger::End::orderly);
  void let_go(ledger::End end);
  std::optional<ledger::WireSample> sample() const;
  std::uint64_t ip_bytes() const { return bill().wire.ip_bytes(); }
  ChannelBill tls_bill() const;
  void look_at_wire(Looked looked);
  void expect_acknowledgement();
  void relax_timeout();
  Failure explain_connect(const std::error_code& error) const;
  Failure explain_end(int error_number) const;

  asio::ip::tcp::socket socket_;
  int handle_ = -1;  // of the open socket; Asio has no const way to ask for it
  asio::steady_timer timer_;
  asio::steady_timer read_timer_;
  asio::steady_timer settle_timer_;
  asio::steady_timer ticket_timer_;
  const pinning::SharedKeys keys_;
  TlsSession tls_;
  Tickets* tickets_ = nullptr;
  resumption::Binding binding_;
  std::optional<resumption::Ticket> offered_;  // while nobody has answered
  bool offered_any_ = false;
  bool awaiting_tickets_ = false;
  bool cost_told_ = false;
  Timeouts timeouts_;
  Route route_;
  std::optional<TunnelReply> proxy_reply_;  // while the proxy is asked
  ChannelEvents events_;
  asio::ip::tcp::endpoint endpoint_;
  Phase phase_ = Phase::idle;
  bool reading_ = false;  // a wait for readability is pending
  bool paused_ = false;
  bool rhythm_ = false;
  bool just_read_ = false;
  bool holding_ = false;  // our Finished, or the last write, waits for company
  bool close_expected_ = false;
  bool flushing_ = false;    // a wait for writability is pending
  bool delivering_ = false;  // `data` is being called
  bool sent_fin_ = false;
  std::chrono::seconds probe_after_{0};
  std::size_t unsent_limit_ = 0;
  bool relaxed_ = false;  // the kernel's patience is that for probes
  bool fin_came_ = false;
  std::vector<std::byte> plain_text_;
  ledger::WireMeter meter_;
  std::chrono::steady_clock::time_point active_{};  // the last read, or write after a silence
  ChannelBill bill_;
};

// A step that is called by Asio. An exception (memory that ran out, most likely) would end the
// process if it left from here; it ends this connection instead, whose state nobody knows now.
template <class Step>
void Channel::guard(Step step) {
  try {
    step();
  } catch (const std::exception& error) {
    // No sentence around it: there may be no memory for one.
    finish({Errc::system_failure, error.what()});
  }
}

}  // namespace holdfast::channel
