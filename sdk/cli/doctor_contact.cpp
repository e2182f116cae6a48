#include "doctor_contact.hpp"

#include <algorithm>
#include <utility>

#include <holdfast/limits.hpp>

namespace holdfast::cli {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

// Tickets come by themselves after the handshake; so long after the last byte nothing more does.
constexpr auto kQuiet = 200ms;
constexpr auto kTicketsMost = 2s;

pinning::SharedKeys keys_of(const device::Settings& settings) {
  return std::make_shared<const pinning::TrustedKeys>(settings.built_in.version,
                                                      settings.built_in.pins);
}

}  // namespace

bool run_until(asio::io_context& io, const std::function<bool()>& done, Deadline deadline) {
  while (!done()) {
    if (io.run_one_until(deadline) == 0) return done();
  }
  return true;
}

Contact::Contact(asio::io_context& io, const channel::TlsContext& tls,
                 const device::Settings& settings, const channel::BrokerUrl& broker,
                 channel::Tickets& tickets)
    : io_(io),
      channel_(std::make_shared<channel::Channel>(io.get_executor(), tls, broker.host,
                                                  keys_of(settings), settings.options.timeouts,
                                                  channel::route_to(broker, settings.reach))) {
  channel_->use_tickets(tickets, tls.binding(broker.host, broker.port));
}

Contact::~Contact() {
  if (channel_) channel_->drop();
}

void Contact::open(const asio::ip::tcp::endpoint& endpoint) {
  channel_->open(endpoint, {.opened =
                                [this] {
                                  opened_ = true;
                                  channel_->pause_reading(true);
                                },
                            .data = nullptr,
                            .writable = nullptr,
                            .closed = [this](Failure why) { why_ = std::move(why); }});
}

bool Contact::await(const std::function<bool()>& done, Deadline deadline, const char* what) {
  const auto begin = steady_clock::now();
  run_until(
      io_, [&] { return why_ || done(); }, deadline);
  time_ = steady_clock::now() - begin;
  if (!why_ && !done()) {
    why_ = Failure(Errc::timed_out, std::string("no ") + what + " with " + channel_->address());
    channel_->drop();
  }
  return done();
}

bool Contact::await_tcp(Deadline deadline) {
  return await([this] { return channel_->bill().connected; }, deadline, "TCP connection");
}

// The ClientHello is the first thing that goes through it, in the same turn.
bool Contact::await_tunnel(Deadline deadline) {
  return await([this] { return channel_->bill().tls_bytes_up > 0; }, deadline,
               "answer of the proxy");
}

bool Contact::await_verdict(Deadline deadline) {
  return await([this] { return opened_; }, deadline, "TLS handshake");
}

bool Contact::await_tickets(Deadline deadline) {
  const Time handshake = time_;  // a round trip at least
  channel_->pause_reading(false);
  const auto begin = steady_clock::now();
  const auto until = std::min(deadline, begin + kTicketsMost + 2 * handshake);
  std::uint64_t bytes = 0;
  auto quiet_until = begin;
  for (;;) {
    const auto bill = channel_->bill();
    if (const auto now = bill.tls_bytes_up + bill.tls_bytes_down; now != bytes) {
      bytes = now;
      quiet_until = steady_clock::now() + std::max<Time>(kQuiet, 2 * handshake);
    }
    const auto next = std::min(until, quiet_until);
    if (why_ || steady_clock::now() >= next) break;
    io_.run_one_until(next);
  }
  time_ = steady_clock::now() - begin;
  if (why_ && !*why_) {
    why_ = Failure(Errc::connection_lost, "the broker closed after the handshake");
  }
  if (!why_) channel_->pause_reading(true);
  return !why_;
}

void Contact::close() {
  if (why_) return;
  channel_->close();
  run_until(
      io_, [this] { return why_.has_value(); }, steady_clock::now() + 2 * limits::kCloseTimeout);
  channel_->drop();
}

std::shared_ptr<channel::Channel> Contact::release() {
  channel_->set_events({});
  return std::exchange(channel_, nullptr);
}

}  // namespace holdfast::cli
