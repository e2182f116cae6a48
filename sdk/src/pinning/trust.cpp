#include "pinning/trust.hpp"

#include <algorithm>
#include <utility>

#include <holdfast/limits.hpp>

#include "pinning/document_writer.hpp"

namespace holdfast::pinning {
namespace {

bool contains(const std::vector<Pin>& pins, const Pin& pin) {
  return std::find(pins.begin(), pins.end(), pin) != pins.end();
}

bool same_pins(const std::vector<Pin>& left, const std::vector<Pin>& right) {
  return left.size() == right.size() &&
         std::is_permutation(left.begin(), left.end(), right.begin());
}

std::string version_text(std::uint64_t version) {
  return "version " + std::to_string(version);
}

}  // namespace

Trust::Trust(BuiltIn built_in, std::optional<TrustState> stored, CheckSignature check)
    : built_in_(std::move(built_in)), check_(std::move(check)) {
  if (stored) state_ = std::move(*stored);
  // The app's own roots outrank older ones that are kept; root changes that were accepted outrank
  // those of an older app.
  if (built_in_.roots.version > state_.roots.version) state_.roots = {};
  kept_time_floor_ = state_.time_floor;
  const bool kept_wins = stored && (state_.floor > built_in_.version ||
                                    (state_.floor == built_in_.version && state_.is_signed));
  if (!kept_wins) adopt_built_in();
}

void Trust::adopt_built_in() {
  PinList list;
  list.version = built_in_.version;
  list.pins = built_in_.pins;
  // What was revoked stays so, unless this firmware says otherwise by pinning it.
  list.revoked = std::move(state_.newest.revoked);
  std::erase_if(list.revoked, [&](const Pin& pin) { return contains(list.pins, pin); });
  const bool is_news = state_.floor != list.version || !same_pins(state_.newest.pins, list.pins);
  state_.floor = list.version;
  state_.newest = std::move(list);
  state_.content.clear();
  state_.is_signed = false;
  // The firmware is the app's word: it is trusted alone from its first start.
  state_.proven = true;
  state_.fallback.clear();
  state_.fallback_version = 0;
  // An app that never counts its pin sets has nothing that must outlive it.
  changed_ = is_news && built_in_.version > 0;
}

SharedKeys Trust::keys() const {
  if (expired() && built_in_.expired == ExpiredPinSet::refuse) {
    return std::make_shared<const TrustedKeys>();
  }
  return std::make_shared<const TrustedKeys>(state_.newest.version, state_.newest.pins,
                                             state_.proven ? std::vector<Pin>() : state_.fallback,
                                             state_.newest.revoked);
}

std::string Trust::why_refused(const Document& document) const {
  const PinList& list = document.list;
  if (list.version < state_.floor) {
    return "it is " + version_text(list.version) + ", and " + version_text(state_.floor) +
           " was accepted before; versions only go up";
  }
  if (list.version == state_.floor) {
    const bool is_ours = state_.is_signed ? document.content == state_.content
                                          : same_pins(list.pins, state_.newest.pins);
    if (!is_ours) {
      return "it is " + version_text(list.version) +
             ", which we have with other content; give each set a version of its own";
    }
  }
  if (list.pins.size() < 2 && built_in_.pin_count == PinCount::at_least_two) {
    return "it has one pin alone, which locks the device out when that key is lost; add the pin of "
           "a "
           "backup key";
  }
  if (built_in_.expired == ExpiredPinSet::refuse && list.expires != 0 &&
      std::max(state_.time_floor, list.issued) > list.expires) {
    return "it has expired; sign it anew with a later date";
  }
  return {};
}

Offer Trust::offer(Bytes bytes, const std::vector<Pin>& live) {
  Offer offer;
  if (built_in_.roots.empty()) {
    offer.detail =
        "the app was built without root keys, so that no pin set can be verified; set "
        "pin_updates.root_keys";
    return offer;
  }
  const auto document = read_document(bytes, offer.detail);
  if (!document) return offer;
  if (state_.is_signed && document->content == state_.content) {
    offer.result = Offer::Result::unchanged;
    offer.detail = version_text(document->list.version) + " is what we have";
    return offer;
  }
  offer.detail = why_refused(*document);
  if (!offer.detail.empty()) return offer;
  const auto newest_roots = verify_document(*document, roots(), check_, offer.detail);
  if (!newest_roots) return offer;

  accept(*document, *newest_roots, live);
  offer.result = Offer::Result::accepted;
  offer.proven = state_.proven;
  offer.ends_session = !live.empty() && !keys()->judge(live);
  if (!offer.proven) offer.spread = document->list.spread;
  offer.detail = version_text(document->list.version) + " with " +
                 std::to_string(document->list.pins.size()) + " pins is accepted" +
                 (offer.proven ? "" : ", and will be trusted alone once a connection rests on it");
  return offer;
}

void Trust::accept(const Document& document, const Roots& roots, const std::vector<Pin>& live) {
  const PinList& list = document.list;
  if (state_.proven) {
    state_.fallback = state_.newest.pins;
    state_.fallback_version = state_.newest.version;
  }
  state_.newest = list;
  state_.content = document.content;
  state_.is_signed = true;
  state_.floor = list.version;
  state_.roots = roots;
  state_.time_floor = std::max(state_.time_floor, list.issued);
  // What this set revokes is struck from the fallback for good: a later set need not repeat it.
  std::erase_if(state_.fallback, [&](const Pin& pin) { return list.revokes(pin); });
  // A proof by a connection that rests on a revoked key as well is none.
  const auto match = TrustedKeys(list.version, list.pins, {}, list.revoked).judge(live);
  state_.proven = match.has_value();
  if (state_.proven) state_.fallback.clear();
  changed_ = true;
}

void Trust::verified(const TrustedKeys::Match& match) {
  last_refusal_.reset();
  if (state_.refused_for.count() > 0) {
    state_.refused_for = std::chrono::seconds(0);
    changed_ = true;
  }
  if (state_.proven || match.role != TrustedKeys::Role::current ||
      !contains(state_.newest.pins, match.pin)) {
    return;
  }
  state_.proven = true;
  state_.fallback.clear();
  changed_ = true;
}

void Trust::refused(Instant now) {
  // Only time between two refusals counts: while the device is off, nothing was tried.
  if (last_refusal_) {
    const auto since = std::chrono::floor<std::chrono::seconds>(now - *last_refusal_);
    if (since.count() <= 0) return;
    state_.refused_for += since;
    changed_ = true;
  }
  last_refusal_ = now;
}

std::vector<Pin> Trust::candidates() const {
  std::vector<Pin> all = built_in_.candidates;
  for (const Pin& pin : state_.newest.candidates) {
    if (!contains(all, pin)) all.push_back(pin);
  }
  return all;
}

void Trust::raise_time_floor(std::uint64_t time) {
  if (time <= state_.time_floor) return;
  state_.time_floor = time;
  // The floor moves with every second; the flash is written to four times a day.
  if (time < kept_time_floor_ + limits::kTimeFloorStep.count()) return;
  kept_time_floor_ = time;
  changed_ = true;
}

bool Trust::expired() const {
  return state_.newest.expires != 0 && state_.time_floor > state_.newest.expires;
}

bool Trust::take_changed() {
  return std::exchange(changed_, false);
}

}  // namespace holdfast::pinning
