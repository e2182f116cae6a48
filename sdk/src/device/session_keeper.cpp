#include "device/session_keeper.hpp"

#include <utility>

#include "device/kept.hpp"

namespace holdfast::device {
namespace {

constexpr unsigned kStateFormat = 1;
constexpr const char* kName = "session";

}  // namespace

SessionKeeper::SessionKeeper(const Settings& settings, Shared& shared)
    : shared_(shared),
      slots_(slots_in(settings, kName, kStateFormat)),
      marks_(settings.options.client_id) {
  auto kept = load_kept(slots_, session::decode_session_marks, "the stored marks of sessions are",
                        "what brokers keep for this device is dropped", remark_);
  // Under another name the device was never there.
  if (kept && kept->client_id() == marks_.client_id()) marks_ = std::move(*kept);
}

void SessionKeeper::begin() {
  if (!remark_.empty()) shared_.emit(EventKind::warning, {}, std::move(remark_));
}

Failure SessionKeeper::forget(const Settings& settings) {
  auto slots = slots_in(settings, kName, kStateFormat);
  if (!slots) return {};
  const session::SessionMarks none(settings.options.client_id);
  return slots->store(session::encode_session_marks(none));
}

bool SessionKeeper::starts_clean(const std::string& broker) const {
  return (slots_ || shared_.takes_commands) && !marks_.knows(broker);
}

void SessionKeeper::logged_in(const std::string& broker) {
  if (!marks_.add(broker) || !slots_) return;
  if (const Failure failure = slots_->store(session::encode_session_marks(marks_))) {
    shared_.emit(EventKind::warning, failure);
  }
}

}  // namespace holdfast::device
