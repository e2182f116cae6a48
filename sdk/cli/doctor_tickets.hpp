// The tickets of `holdfast doctor`, in memory, and what its second connection says of them.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "channel/channel.hpp"
#include "channel/tickets.hpp"
#include "doctor_report.hpp"
#include "resumption/ticket_store.hpp"

namespace holdfast::cli {

/// By the rules of a device that has just been started.
class MemoryTickets : public channel::Tickets {
 public:
  std::optional<resumption::Ticket> offer(const resumption::Binding& binding,
                                          const pinning::TrustedKeys& keys) override;
  void unanswered(const resumption::Binding& binding, resumption::Ticket ticket) override;
  void proven(const resumption::Binding& binding, const std::vector<pinning::Pin>& pins) override;
  void cost(const resumption::Binding& binding, resumption::Way way, std::uint32_t bytes) override;
  void received(const resumption::Binding& binding, resumption::NewTicket ticket) override;

  /// There is one that the next handshake could offer.
  bool has_one() const;
  /// How long the newest may be used, as the broker says.
  std::chrono::seconds lifetime() const { return lifetime_; }

 private:
  resumption::TicketStore store_;
  std::chrono::seconds lifetime_{0};
};

/// What a connection has taken from its SYN to its tickets, both ways.
struct SetUpCost {
  std::uint64_t tls_bytes = 0;     ///< of the handshake
  std::uint64_t ticket_bytes = 0;  ///< of TLS as well
  std::uint64_t ip_bytes = 0;      ///< of all of it
};

SetUpCost set_up_cost(const channel::ChannelBill& bill);

/// The step "tickets". @param usable whether the next handshake could offer one of them
Step describe_tickets(std::uint64_t ticket_bytes, bool usable, std::chrono::seconds lifetime);

/// The step "resumption", where no ticket came, or none that may be used.
Step describe_no_ticket(const SetUpCost& full);
/// The same, after a second connection that has offered one.
Step describe_second(const SetUpCost& full, const SetUpCost& second, bool resumed);
/// The same, where that connection has failed.
Step describe_lost_second(const SetUpCost& full, const Failure& why);

}  // namespace holdfast::cli
