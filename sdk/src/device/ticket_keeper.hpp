// The TLS sessions that a device may resume, kept across restarts: resumption/ticket_store.hpp with
// a place on the disk, a clock and a voice.
//
// Threads: the worker's thread only; the constructor anywhere. A ticket is written off before it is
// offered, and a new one is written when it comes: two waits for the disk a connection, which has
// taken hundreds of milliseconds of network by then. Without a state directory nothing is written.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "channel/tickets.hpp"
#include "device/check_options.hpp"
#include "device/shared.hpp"
#include "resumption/ticket_store.hpp"
#include "state/slots.hpp"

namespace holdfast::device {

/// This boot of the machine and the seconds since; `wall` is the caller's to fill in.
resumption::Moment moment_of_boot();

class TicketKeeper : public channel::Tickets {
 public:
  using Clock = std::function<resumption::Moment()>;

  TicketKeeper(const Settings& settings, Shared& shared, Clock clock);

  /// Tells what was found on the disk. Once.
  void begin();

  std::optional<resumption::Ticket> offer(const resumption::Binding& binding,
                                          const pinning::TrustedKeys& keys) override;
  void unanswered(const resumption::Binding& binding, resumption::Ticket ticket) override;
  void proven(const resumption::Binding& binding, const std::vector<pinning::Pin>& pins) override;
  void cost(const resumption::Binding& binding, resumption::Way way, std::uint32_t bytes) override;
  void received(const resumption::Binding& binding, resumption::NewTicket ticket) override;

 private:
  Failure keep();

  Shared& shared_;
  Clock clock_;
  std::optional<state::Slots> slots_;
  std::string remark_;  // on what was found on the disk
  resumption::TicketStore store_;
  bool warned_ = false;  // that the disk does not take them
};

}  // namespace holdfast::device
