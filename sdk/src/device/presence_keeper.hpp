// The status of the device as others see it (`Options::presence`): presence/births.hpp with a
// clock, a document and a place in the outbox.
//
// Threads: the worker's thread only; the constructor anywhere.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include <holdfast/options.hpp>
#include <holdfast/status.hpp>

#include "base/clock.hpp"
#include "device/check_options.hpp"
#include "device/shared.hpp"
#include "device/trust_keeper.hpp"
#include "device/trusted_time.hpp"
#include "presence/births.hpp"
#include "presence/status_document.hpp"

namespace holdfast::device {

class PresenceKeeper {
 public:
  /// @param wake called, on any thread, when `is_due` should be asked
  PresenceKeeper(const Settings& settings, Shared& shared, const TrustKeeper& trust,
                 const TrustedTime& time, std::function<void()> wake);

  bool wanted() const { return presence_.has_value(); }

  /// What the broker publishes for a device that vanishes from the connection that is made now.
  Will will(Instant now) const;
  /// The document that says that the device has gone on purpose.
  std::vector<std::byte> farewell(Instant now) const {
    return presence::encode_status(absent(now));
  }

  /// The connection that is being made rests on this pin.
  void vouched_by(const pinning::Pin& pin) { vouching_ = pin; }
  /// Something came from the broker.
  void heard();
  /// @param fresh the broker knows nothing of us, or not what we said elsewhere
  void logged_in(bool fresh, Instant now);
  void left() { births_.left(); }
  /// What is trusted has changed.
  void trust_changed() { look_again_ = true; }

  /// Cheap while nothing has happened.
  bool is_due();
  /// Puts the birth into the outbox, if there is room that nobody else needs.
  void publish(const Ledger& ledger, const std::optional<BudgetStatus>& budget, Instant now);
  /// When `is_due` may have become true by time alone.
  std::optional<Instant> next_look(Instant now) const;

 private:
  Instant awake_or_not() const;
  presence::Facts facts() const;
  /// What is true of it also when it has gone.
  presence::StatusDocument absent(Instant now) const;
  std::vector<std::byte> present(const Ledger& ledger, const std::optional<BudgetStatus>& budget,
                                 Instant now) const;
  bool has_room(std::size_t bytes) const;

  const std::optional<Presence>& presence_;
  const OutboxLimits& outbox_limits_;
  const std::chrono::seconds will_delay_;
  Shared& shared_;
  const TrustKeeper& trust_;
  const TrustedTime& time_;
  const std::function<void()> wake_;
  presence::Births births_;
  pinning::Pin vouching_;
  std::uint64_t since_ = 0;  // seconds since 1970; 0: nobody knew
  bool look_again_ = false;
  std::atomic<bool> lost_ = false;  // told by the handlers' thread
};

}  // namespace holdfast::device
