#include "device/presence_keeper.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <holdfast/limits.hpp>
#include <holdfast/version.hpp>

namespace holdfast::device {
namespace {

// A status that waits is replaced by a newer one.
constexpr const char* kKey = "holdfast/status";

constexpr std::uint32_t kSdkVersion =
    std::uint32_t{kVersionMajor} << 16 | std::uint32_t{kVersionMinor} << 8 | kVersionPatch;

// A number that is another one after each boot, and tells nothing else. 0: nobody knows.
std::uint32_t boot_number(const resumption::BootId& boot) {
  const std::uint64_t folded = boot.high ^ boot.low;
  return static_cast<std::uint32_t>(folded ^ (folded >> 32));
}

// The broker ends its wait with the session.
Duration effective_delay(const Settings& settings) {
  return std::min(settings.will_delay, settings.options.session_expiry);
}

Duration refresh_of(const Settings& settings) {
  const auto& presence = settings.options.presence;
  return presence ? Duration(presence->refresh) : Duration(0);
}

// What the bytes were for, in thousandths.
std::array<std::uint16_t, kCauses> shares_of(const Account& account) {
  std::array<std::uint16_t, kCauses> shares{};
  const std::uint64_t all = account.ip_bytes().sum();
  for (std::size_t cause = 0; cause < kCauses && all > 0; ++cause) {
    shares[cause] = static_cast<std::uint16_t>(account.by_cause[cause].sum() * 1'000 / all);
  }
  return shares;
}

}  // namespace

PresenceKeeper::PresenceKeeper(const Settings& settings, Shared& shared, const TrustKeeper& trust,
                               const TrustedTime& time, std::function<void()> wake)
    : presence_(settings.options.presence),
      outbox_limits_(settings.options.outbox),
      will_delay_(settings.will_delay),
      shared_(shared),
      trust_(trust),
      time_(time),
      wake_(std::move(wake)),
      births_({.will_delay = effective_delay(settings), .refresh = refresh_of(settings)}) {}

// The steady clock stands still while the machine sleeps, and the broker's delay does not.
Instant PresenceKeeper::awake_or_not() const {
  return Instant(shared_.environment.since_boot());
}

Will PresenceKeeper::will(Instant now) const {
  return {.topic = presence_->topic,
          .payload = farewell(now),
          .qos = Qos::at_least_once,
          .retain = Retain::yes,
          .delay = will_delay_};
}

void PresenceKeeper::heard() {
  if (wanted()) births_.heard(awake_or_not());
}

void PresenceKeeper::logged_in(bool fresh, Instant now) {
  if (!wanted()) return;
  const bool gap = births_.logged_in(awake_or_not(), fresh);
  if (gap || since_ == 0) since_ = time_.seconds(now).value_or(0);
  look_again_ = true;
}

bool PresenceKeeper::is_due() {
  if (!wanted()) return false;
  if (lost_.exchange(false)) births_.failed(awake_or_not() + limits::kPresenceRetry);
  const auto next = births_.next_due();
  const Instant at = awake_or_not();
  if (!std::exchange(look_again_, false) && !(next && at >= *next)) return false;
  return births_.due(at, facts()) != presence::Births::Due::no;
}

void PresenceKeeper::publish(const Ledger& ledger, const std::optional<BudgetStatus>& budget,
                             Instant now) {
  const Instant at = awake_or_not();
  const auto due = births_.due(at, facts());
  outbox::Entry entry;
  entry.topic = presence_->topic;
  entry.payload = present(ledger, budget, now);
  entry.retain = Retain::yes;
  entry.key = kKey;
  entry.loss = outbox::Entry::Loss::of_nobody;
  // What a backlog of the app's tells is older than this.
  entry.order = Order::newest_first;
  if (due == presence::Births::Due::as_refresh) entry.due = now + limits::kPresencePatience;
  entry.on_done = [this](const Delivery& delivery) {
    if (delivery.error && delivery.error != Errc::replaced && delivery.error != Errc::closed) {
      lost_ = true;
      wake_();
    }
  };
  // Nothing of the app's has to make room for it.
  if (has_room(entry.bytes()) && !shared_.put(std::move(entry))) {
    births_.told(at, facts());
  } else {
    births_.failed(at + limits::kPresenceRetry);
  }
}

std::optional<Instant> PresenceKeeper::next_look(Instant now) const {
  if (!wanted()) return std::nullopt;
  const auto next = births_.next_due();
  if (!next) return std::nullopt;
  return now + std::max(*next - awake_or_not(), Duration(std::chrono::milliseconds(1)));
}

presence::Facts PresenceKeeper::facts() const {
  return {.pin_set_version = trust_.version(),
          .pin_set_proven = trust_.proven(),
          .pins = trust_.pins(),
          .vouching = vouching_,
          .candidates = trust_.candidate_results()};
}

presence::StatusDocument PresenceKeeper::absent(Instant now) const {
  presence::StatusDocument status;
  status.written = time_.seconds(now).value_or(0);
  for (const auto& pin : trust_.pins()) status.pins.push_back(presence::prefix_of(pin));
  status.pin_set_version = trust_.version();
  return status;
}

std::vector<std::byte> PresenceKeeper::present(const Ledger& ledger,
                                               const std::optional<BudgetStatus>& budget,
                                               Instant now) const {
  presence::StatusDocument status = absent(now);
  status.online = true;
  status.sdk_version = kSdkVersion;
  status.pin_set_proven = trust_.proven();
  status.vouching = vouching_;
  for (const auto& [pin, matches] : trust_.candidate_results()) {
    status.candidates.emplace_back(presence::prefix_of(pin), matches);
  }
  status.boot = boot_number(shared_.environment.boot());
  status.since = since_;
  const ByteCount bytes = ledger.installation.ip_bytes();
  status.bytes_up = bytes.up;
  status.bytes_down = bytes.down;
  status.connections = ledger.installation.connections;
  status.full_handshakes = ledger.full_handshakes;
  status.resumed_handshakes = ledger.resumed_handshakes;
  status.permille_by_cause = shares_of(ledger.installation);
  if (budget) {
    status.budget = {
        .used = budget->used, .allowance = budget->allowance, .admission = budget->admission};
  }
  return presence::encode_status(status);
}

bool PresenceKeeper::has_room(std::size_t bytes) const {
  const outbox::Fill fill = shared_.outbox.fill();
  return fill.waiting + fill.under_way < outbox_limits_.messages &&
         fill.bytes + bytes <= outbox_limits_.bytes;
}

}  // namespace holdfast::device
