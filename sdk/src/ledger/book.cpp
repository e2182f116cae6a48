#include "ledger/book.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <holdfast/limits.hpp>

#include "ledger/account.hpp"

namespace holdfast::ledger {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kDaySeconds = 24 * 3600;
constexpr auto kUndatedStep = 1h;

// What the clock showed at an earlier instant of this process.
std::uint64_t wall_at(Instant then, Instant now, std::uint64_t wall) {
  const auto ago = std::chrono::floor<std::chrono::seconds>(now - then).count();
  return ago <= 0 ? wall : wall - std::min(wall, static_cast<std::uint64_t>(ago));
}

bool is_empty(const Account& account) {
  return account.ip_bytes().sum() == 0 && account.connections == 0;
}

void take_off(Account& from, const Account& what) {
  from.connections -= what.connections;
  from.segments_up -= what.segments_up;
  from.segments_down -= what.segments_down;
  for (std::size_t i = 0; i < kCauses; ++i) {
    from.by_cause[i].up -= what.by_cause[i].up;
    from.by_cause[i].down -= what.by_cause[i].down;
  }
}

}  // namespace

void Book::add(const Account& spent, Instant now, std::optional<std::uint64_t> wall) {
  const Instant since = std::exchange(last_, now).value_or(now);
  if (wall) date(now, *wall);
  if (is_empty(spent)) return;
  state_.installation += spent;
  if (wall) {
    // Of an interval over midnight the day in which it began: the last look of a day comes right
    // after it.
    add_to_day(spent, wall_at(since, now, *wall));
  } else {
    note_undated(spent, now);
  }
}

void Book::add_to_day(const Account& spent, std::uint64_t wall) {
  state_.days[static_cast<std::uint32_t>(wall / kDaySeconds)] += spent;
  while (state_.days.size() > limits::kLedgerDays) state_.days.erase(state_.days.begin());
}

void Book::note_undated(const Account& spent, Instant now) {
  state_.unknown_day += spent;
  if (undated_.empty() || now - undated_.back().at >= kUndatedStep) undated_.push_back({now, {}});
  undated_.back().account += spent;
  if (undated_.size() > kMostUndated) undated_.pop_front();
}

void Book::date(Instant now, std::uint64_t wall) {
  for (const Undated& one : std::exchange(undated_, {})) {
    take_off(state_.unknown_day, one.account);
    add_to_day(one.account, wall_at(one.at, now, wall));
  }
}

std::optional<Instant> Book::next_day(Instant now, std::optional<std::uint64_t> wall) {
  if (!wall) return std::nullopt;
  return now + std::chrono::seconds(kDaySeconds - *wall % kDaySeconds);
}

std::vector<DayAccount> Book::days() const {
  std::vector<DayAccount> days;
  for (const auto& [day, account] : state_.days) {
    days.push_back({std::chrono::sys_days(std::chrono::days(day)), account});
  }
  return days;
}

}  // namespace holdfast::ledger
