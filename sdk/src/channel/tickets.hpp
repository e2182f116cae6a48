// Where a channel gets the ticket that it offers, and brings the tickets to that it is given.
//
// Threads: the channel's thread only; every call returns at once or waits for the disk.

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "pinning/trusted_keys.hpp"
#include "resumption/ticket.hpp"

namespace holdfast::channel {

class Tickets {
 public:
  virtual ~Tickets() = default;

  /// A handshake begins. A ticket that is handed out is used, whatever comes of it.
  virtual std::optional<resumption::Ticket> offer(const resumption::Binding& binding,
                                                  const pinning::TrustedKeys& keys) = 0;
  /// The broker has said nothing at all: it may be offered once more.
  virtual void unanswered(const resumption::Binding& binding, resumption::Ticket ticket) = 0;
  /// A full handshake has a positive verdict.
  virtual void proven(const resumption::Binding& binding,
                      const std::vector<pinning::Pin>& pins) = 0;
  /// What the connection has cost in bytes of TLS, its tickets included; once, and before the
  /// ticket that comes with it.
  virtual void cost(const resumption::Binding& binding, resumption::Way way,
                    std::uint32_t bytes) = 0;
  virtual void received(const resumption::Binding& binding, resumption::NewTicket ticket) = 0;
};

}  // namespace holdfast::channel
