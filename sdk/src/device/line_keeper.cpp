#include "device/line_keeper.hpp"

#include <string>
#include <utility>

#include "session/idle_state.hpp"

namespace holdfast::device {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kStateFormat = 1;
constexpr auto kLeastInterval = 1h;

}  // namespace

LineKeeper::LineKeeper(const Settings& settings, Shared& shared)
    : shared_(shared),
      slots_(settings.options.state_dir.empty()
                 ? std::nullopt
                 : std::optional<state::Slots>(std::in_place, settings.options.state_dir, "idle",
                                               kStateFormat)) {}

LineKeeper::Rows LineKeeper::load() {
  if (!slots_) return {};
  std::string remark;
  const auto content = slots_->load(remark);
  if (content) {
    std::string why;
    if (auto rows = session::decode_idle_state(*content, why)) {
      kept_ = std::move(*rows);
    } else {
      remark += (remark.empty() ? "" : ". ") +
                std::string("the stored idle intervals are not used: ") + why +
                "; they are learned anew";
    }
  }
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
