// What the device has spent: the rooms' figures put together, kept by day, and kept across
// restarts.
//
// Threads: the worker's thread only; the constructor anywhere. Writing waits for the disk: at the
// end of a connection and every few hours, both bounded (limits.hpp).

#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <holdfast/status.hpp>

#include "base/clock.hpp"
#include "channel/channel.hpp"
#include "device/check_options.hpp"
#include "device/shared.hpp"
#include "device/trusted_time.hpp"
#include "ledger/book.hpp"
#include "state/slots.hpp"

namespace holdfast::device {

class LedgerKeeper {
 public:
  LedgerKeeper(const Settings& settings, Shared& shared, const TrustedTime& time);

  /// Tells what was found on the disk, if a person should know. Once.
  void begin();
  /// The clock that this looks at was set.
  void time_was_set(Instant now);

  /// A connection that did not become the session's, as a whole.
  void add_attempt(const channel::ChannelBill& bill, Instant now);
  /// A name was looked up.
  void add_lookup(const Account& cost, Instant now) { spend(cost, now); }

  /// The session's connection, up to now. @param carried its MQTT bytes by cause
  void note_connection(const channel::ChannelBill& bill, const Account& carried, Instant now);
  /// The same for the last time.
  void end_connection(const channel::ChannelBill& bill, const Account& carried, Instant now);

  /// The connection should be noted.
  bool is_due(Instant now) const;
  /// By when it has to be, at the latest.
  std::optional<Instant> next_look(Instant now) const;
  /// Writes what should not be lost any more.
  void tick(Instant now);
  /// Writes everything: the device is stopped.
  void close(Instant now);

  Ledger read() const;
  /// Both ways since the device was made, as far as it was noted.
  std::uint64_t ip_bytes() const { return made_.ip_bytes().sum(); }

 private:
  void add_handshake(const channel::ChannelBill& bill);
  void spend(const Account& cost, Instant now);
  void store(Instant now);

  Shared& shared_;
  const TrustedTime& time_;
  std::optional<state::Slots> slots_;
  std::string remark_;  // on what was found on the disk
  ledger::Book book_;
  Account made_;               // since the device was made
  Account connection_;         // the one that stands, as far as it is booked; or the last
  channel::ChannelBill live_;  // its TLS side, while it stands
  channel::ChannelBill over_;  // the TLS side of those that are over
  std::uint64_t full_ = 0;     // handshakes of those that are over
  std::uint64_t resumed_ = 0;
  bool standing_ = false;
  bool dirty_ = false;
  std::optional<Instant> noted_;
  std::optional<Instant> day_ends_;
  std::optional<Instant> begun_;  // the first look
  std::optional<Instant> stored_;
};

}  // namespace holdfast::device
