#include "session/referral.hpp"

#include <holdfast/error.hpp>
#include <holdfast/limits.hpp>

namespace holdfast::session {
namespace {

constexpr unsigned kMostFailures = 3;

}  // namespace

bool Referral::take(Instant now, const std::error_code& error, const std::string& to) {
  const bool moved = error == Errc::server_moved;
  if (to.empty() || (!moved && error != Errc::use_another_server)) return false;
  if (in_a_row_ >= limits::kMaxReferrals) return false;
  ++in_a_row_;
  if (moved) {
    moved_ = Moved{.to = to, .until = now + limits::kMovedFor};
  } else {
    another_ = to;
  }
  return true;
}

std::string Referral::target(Instant now) const {
  if (!another_.empty()) return another_;
  return moved_ && now < moved_->until ? moved_->to : std::string();
}

void Referral::ended(const std::error_code& error, bool was_up) {
  if (!another_.empty()) {
    another_.clear();
    return;
  }
  if (!moved_) return;
  if (was_up) {
    moved_->failures = 0;
  } else if (++moved_->failures >= kMostFailures || error == Errc::identity_refused) {
    moved_.reset();
  }
}

}  // namespace holdfast::session
