#include "device/ledger_keeper.hpp"

#include <algorithm>
#include <utility>

#include <holdfast/limits.hpp>

#include "device/kept.hpp"
#include "ledger/account.hpp"

namespace holdfast::device {
namespace {

// clang-tidy 14 does not see that `+=` of accounts is this.
// NOLINTNEXTLINE(misc-unused-using-decls)
using ledger::operator+=;

Account account_of(const channel::ChannelBill& bill, Account carried) {
  carried.connections = bill.connected ? 1 : 0;
  carried[Cause::handshake] = {bill.handshake_bytes_up + bill.proxy_bytes_up,
                               bill.handshake_bytes_down + bill.proxy_bytes_down};
  carried[Cause::tickets].down = bill.ticket_bytes_down;
  return ledger::settle(bill.wire, carried);
}

void add_tls(channel::ChannelBill& to, const channel::ChannelBill& what) {
  to.tls_bytes_up += what.tls_bytes_up;
  to.tls_bytes_down += what.tls_bytes_down;
  to.tls_records_up += what.tls_records_up;
}

}  // namespace

LedgerKeeper::LedgerKeeper(const Settings& settings, Shared& shared, const TrustedTime& time)
    : shared_(shared),
      time_(time),
      slots_(slots_in(settings, ledger::kBookName, ledger::kBookFormat)),
      book_(
          load_kept(slots_, ledger::decode_book, "the stored ledger is", "it begins anew", remark_)
              .value_or(ledger::BookState())) {}

void LedgerKeeper::begin() {
  if (!remark_.empty()) shared_.emit(EventKind::warning, {}, std::exchange(remark_, {}));
}

void LedgerKeeper::time_was_set(Instant now) {
  spend({}, now);  // what was spent before gets its day
  dirty_ = true;
}

void LedgerKeeper::spend(const Account& cost, Instant now) {
  const auto wall = time_.seconds(now);
  book_.add(cost, now, wall);
  made_ += cost;
  day_ends_ = ledger::Book::next_day(now, wall);
  if (cost.ip_bytes().sum() > 0) dirty_ = true;
}

void LedgerKeeper::add_handshake(const channel::ChannelBill& bill) {
  if (bill.handshaken) ++(bill.resumed ? resumed_ : full_);
}

void LedgerKeeper::add_attempt(const channel::ChannelBill& bill, Instant now) {
  spend(account_of(bill, {}), now);
  add_tls(over_, bill);
  add_handshake(bill);
}

void LedgerKeeper::note_connection(const channel::ChannelBill& bill, const Account& carried,
                                   Instant now) {
  if (!std::exchange(standing_, true)) connection_ = {};
  noted_ = now;
  live_ = bill;
  spend(ledger::spent_since(connection_, account_of(bill, carried)), now);
}

void LedgerKeeper::end_connection(const channel::ChannelBill& bill, const Account& carried,
                                  Instant now) {
  note_connection(bill, carried, now);
  standing_ = false;
  add_tls(over_, std::exchange(live_, {}));
  add_handshake(bill);
  if (!stored_ || now - *stored_ >= limits::kLedgerRest) store(now);
}

bool LedgerKeeper::is_due(Instant now) const {
  return !noted_ || now - *noted_ >= limits::kLedgerStep || (day_ends_ && now >= *day_ends_);
}

std::optional<Instant> LedgerKeeper::next_look(Instant now) const {
  std::optional<Instant> next = standing_ ? day_ends_ : std::nullopt;
  if (slots_ && dirty_) {
    const Instant store_at = stored_.value_or(begun_.value_or(now)) + limits::kLedgerInterval;
    next = next ? std::min(*next, store_at) : store_at;
  }
  return next;
}

void LedgerKeeper::tick(Instant now) {
  if (!begun_) begun_ = now;
  if (now - stored_.value_or(*begun_) >= limits::kLedgerInterval) store(now);
}

void LedgerKeeper::close(Instant now) {
  store(now);
}

void LedgerKeeper::store(Instant now) {
  if (!slots_ || !dirty_) return;
  stored_ = now;
  dirty_ = false;
  if (const Failure failure = slots_->store(ledger::encode_book(book_.state()))) {
    shared_.emit(EventKind::warning, failure);
  }
}

Ledger LedgerKeeper::read() const {
  Ledger ledger;
  const ByteCount all = made_.ip_bytes();
  ledger.connections = made_.connections;
  const bool stands = standing_ && live_.handshaken;
  ledger.full_handshakes = full_ + (stands && !live_.resumed ? 1 : 0);
  ledger.resumed_handshakes = resumed_ + (stands && live_.resumed ? 1 : 0);
  ledger.ip_bytes_up = all.up;
  ledger.ip_bytes_down = all.down;
  ledger.segments_up = made_.segments_up;
  ledger.segments_down = made_.segments_down;
  channel::ChannelBill tls = over_;
  add_tls(tls, live_);
  ledger.tls_bytes_up = tls.tls_bytes_up;
  ledger.tls_bytes_down = tls.tls_bytes_down;
  ledger.tls_records_up = tls.tls_records_up;
  ledger.made = made_;
  ledger.connection = connection_;
  ledger.days = book_.days();
  ledger.unknown_day = book_.state().unknown_day;
  ledger.installation = book_.state().installation;
  return ledger;
}

}  // namespace holdfast::device
