// Handshakes without MQTT, with tickets that are kept in memory and clocks that are the test's.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <gtest/gtest.h>
#include <asio/io_context.hpp>

#include "channel/dialer.hpp"
#include "resumption/ticket_store.hpp"

namespace holdfast::test {

/// What a device knows of tickets, as the TicketKeeper does, but in virtual time.
class VirtualTickets : public channel::Tickets {
 public:
  explicit VirtualTickets(Resumption options = {}) : options_(options), store_(options) {}

  std::optional<resumption::Ticket> offer(const resumption::Binding& binding,
                                          const pinning::TrustedKeys& keys) override {
    return store_.offer(binding, keys, now);
  }
  void unanswered(const resumption::Binding& binding, resumption::Ticket ticket) override {
    store_.unanswered(binding, std::move(ticket));
  }
  void proven(const resumption::Binding& binding, const std::vector<pinning::Pin>& pins) override {
    store_.proven(binding, pins, now);
  }
  void cost(const resumption::Binding& binding, resumption::Way way, std::uint32_t bytes) override {
    store_.cost(binding, way, bytes);
  }
  void received(const resumption::Binding& binding, resumption::NewTicket ticket) override {
    store_.received(binding, std::move(ticket), now);
    ++tickets;
  }

  /// As if the process ended and another one began.
  void restart() {
    const Secret bytes = store_.encode();
    store_ = resumption::TicketStore(options_);
    EXPECT_EQ(store_.decode(bytes.bytes()), "");
  }

  const resumption::TicketStore& store() const { return store_; }

  resumption::Moment now{{1, 1}, 100, 0};
  std::size_t tickets = 0;

 private:
  Resumption options_;
  resumption::TicketStore store_;
};

/// One connection to a port of 127.0.0.1 that lasts until its first ticket has come, or `bound`.
/// @return what it has cost; `handshaken` is false if it failed
inline channel::ChannelBill shake_hands(std::uint16_t port, const pinning::SharedKeys& keys,
                                        channel::TlsPolicy policy, VirtualTickets& tickets,
                                        std::chrono::milliseconds bound) {
  asio::io_context io;
  const auto ignore = [](const auto&) {};
  channel::Dialer dialer(
      io.get_executor(), {.host = "127.0.0.1", .port = port, .is_ip_literal = true}, Timeouts(),
      std::move(policy), {.bill = ignore, .refused_key = ignore, .warning = ignore});
  dialer.use_tickets(tickets);
  const std::size_t before = tickets.tickets;
  std::shared_ptr<channel::Channel> channel;
  bool failed = false;
  dialer.dial(keys, [&](std::shared_ptr<channel::Channel> made, const Failure& failure) {
    EXPECT_FALSE(failure) << failure.detail;
    failed = static_cast<bool>(failure);
    channel = std::move(made);
    if (channel) channel->pause_reading(false);
  });
  const auto end = std::chrono::steady_clock::now() + bound;
  while (!failed && tickets.tickets == before && std::chrono::steady_clock::now() < end) {
    io.run_one_for(std::chrono::milliseconds(100));
  }
  if (!channel) return {};
  channel->drop();
  return channel->bill();
}

}  // namespace holdfast::test
