#include "presence/births.hpp"

#include <algorithm>

namespace holdfast::presence {

namespace {

// Brokers count whole seconds (mosquitto 2.0 is up to one too early), and no two clocks go alike.
Duration surely_waits(Duration delay) {
  return delay - std::min<Duration>(delay, std::chrono::seconds(5) + delay / 100);
}

}  // namespace

bool Births::logged_in(Instant now, bool fresh) {
  const bool gap = fresh || !heard_ || now - *heard_ >= surely_waits(terms_.will_delay);
  needed_ = needed_ || gap;
  up_ = true;
  heard_ = now;
  // Whatever stood in its way may be gone with the old connection.
  not_before_.reset();
  return gap;
}

Births::Due Births::due(Instant now, const Facts& facts) const {
  if (!up_ || (not_before_ && now < *not_before_)) return Due::no;
  if (needed_ || facts != told_) return Due::as_news;
  const bool old = terms_.refresh > Duration(0) && told_at_ && now - *told_at_ >= terms_.refresh;
  return old ? Due::as_refresh : Due::no;
}

std::optional<Instant> Births::next_due() const {
  if (!up_) return std::nullopt;
  std::optional<Instant> next;
  if (terms_.refresh > Duration(0) && told_at_) next = *told_at_ + terms_.refresh;
  if (needed_ && not_before_) next = next ? std::min(*next, *not_before_) : *not_before_;
  if (next && not_before_) next = std::max(*next, *not_before_);
  return next;
}

void Births::told(Instant now, Facts facts) {
  needed_ = false;
  told_at_ = now;
  not_before_.reset();
  told_ = std::move(facts);
}

void Births::failed(Instant retry) {
  needed_ = true;
  not_before_ = retry;
}

}  // namespace holdfast::presence
