#include "device/line_keeper.hpp"

#include <string>
#include <utility>

#include "device/kept.hpp"
#include "session/idle_state.hpp"

namespace holdfast::device {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kStateFormat = 1;
constexpr auto kLeastInterval = 1h;

}  // namespace

LineKeeper::LineKeeper(const Settings& settings, Shared& shared)
    : shared_(shared), slots_(slots_in(settings, "idle", kStateFormat)) {}

LineKeeper::Rows LineKeeper::load() {
  std::string remark;
  kept_ = load_kept(slots_, session::decode_idle_state, "the stored idle intervals are",
                    "they are learned anew", remark)
              .value_or(Rows());
  if (!remark.empty()) shared_.emit(EventKind::warning, {}, remark);
  return kept_;
}

void LineKeeper::keep(const Rows& rows, When when, Instant now) {
  if (!slots_ || rows == kept_) return;
  if (when == When::now_and_then && kept_at_ && now < *kept_at_ + kLeastInterval) return;
  kept_at_ = now;
  if (const Failure failure = slots_->store(session::encode_idle_state(rows))) {
    shared_.emit(EventKind::warning, failure);
    return;
  }
  kept_ = rows;
}

}  // namespace holdfast::device
