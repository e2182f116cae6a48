#include "device/trust_keeper.hpp"

#include <algorithm>
#include <fstream>
#include <utility>

#include <holdfast/limits.hpp>
#include <holdfast/version.hpp>

#include "crypto/ed25519.hpp"
#include "device/kept.hpp"
#include "pinning/report.hpp"

namespace holdfast::device {
namespace {

using namespace std::chrono_literals;
using pinning::Offer;
using pinning::Pin;

constexpr unsigned kStateFormat = 1;
constexpr auto kClockStep = 1min;

bool check_signature(const pinning::RootKey& key, pinning::Bytes message,
                     const pinning::RootSignature& signature) {
  return crypto::verify_ed25519(key.bytes, message, signature.value);
}

// At most what a pin set may have, and one byte more, by which a longer one is known.
std::vector<std::uint8_t> read_file(const std::filesystem::path& path, bool& there) {
  std::ifstream file(path, std::ios::binary);
  there = file.is_open();
  std::vector<char> bytes(limits::kMaxPinSetBytes + 1);
  if (there) file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(there ? static_cast<std::size_t>(file.gcount()) : 0);
  return {bytes.begin(), bytes.end()};
}

std::vector<std::string> texts_of(const std::vector<Pin>& pins) {
  std::vector<std::string> texts;
  for (const Pin& pin : pins) texts.push_back(pin.text());
  return texts;
}

}  // namespace

TrustKeeper::TrustKeeper(const Settings& settings, Shared& shared, const TrustedTime& time)
    : settings_(settings),
      shared_(shared),
      time_(time),
      slots_(slots_in(settings, "trust", kStateFormat)),
      trust_(settings.built_in,
             load_kept(slots_, pinning::decode_state, "the stored trust state is",
                       "the device begins with the pins that it was built with", remark_),
             check_signature) {
  trust_.raise_time_floor(kReleaseTime);
  renew_keys();
}

void TrustKeeper::begin(Instant now) {
  if (std::exchange(begun_, true)) return;
  if (trust_.state().is_signed && settings_.built_in.version == 0) {
    shared_.emit(EventKind::warning, {},
                 "version " + std::to_string(trust_.version()) +
                     " of the signed pin set counts, and not the pins that the app was built with; "
                     "give those a pins_version");
  }
  if (!remark_.empty()) shared_.emit(EventKind::warning, {}, remark_);
  keep_or_warn();
  look_at_clock(now);
  const auto& path = settings_.options.pin_updates.file;
  if (path.empty()) return;
  bool there = false;
  const auto bytes = read_file(path, there);
  if (there) {
    offer(bytes, path.string(), {}, now);
  } else if (std::error_code error; std::filesystem::exists(path, error)) {
    shared_.emit(
        EventKind::warning, Errc::system_failure,
        "pin_updates.file " + path.string() + " cannot be read; let the device's user read it");
  }
}

void TrustKeeper::renew_keys() {
  keys_ = trust_.keys();
}

Failure TrustKeeper::keep() {
  if (!trust_.take_changed() || !slots_) return {};
  return slots_->store(pinning::encode_state(trust_.state()));
}

void TrustKeeper::keep_or_warn() {
  if (const Failure failure = keep()) shared_.emit(EventKind::warning, failure);
}

Offer TrustKeeper::offer(std::span<const std::uint8_t> document, const std::string& source,
                         const Pins& live, Instant now) {
  begin(now);  // the app may be quicker than Paho, which the start waits for
  look_at_clock(now);
  const pinning::Trust before = trust_;
  Offer offer = trust_.offer(document, live);
  if (offer.result == Offer::Result::accepted) {
    if (const Failure failure = keep()) {
      // Its version would be forgotten at the next start, and with it what it revokes.
      trust_ = before;
      offer = Offer{.detail = "it cannot be kept: " + failure.detail};
    }
  }
  const std::string what = "the pin set from " + source + ": " + offer.detail;
  if (offer.result == Offer::Result::accepted) {
    renew_keys();
    shared_.emit(EventKind::pin_set_accepted, {},
                 what + (slots_ ? "" : "; it is lost at a restart, because there is no state_dir"));
    look_at_clock(now);
  } else if (offer.result == Offer::Result::refused) {
    shared_.emit(EventKind::pin_set_refused, Errc::pin_set_refused, what);
  }
  return offer;
}

void TrustKeeper::verified(const pinning::TrustedKeys::Match& match, const Pins& proven,
                           Instant now) {
  const bool was_proven = trust_.proven();
  trust_.verified(match);
  if (!was_proven && trust_.proven()) {
    shared_.emit(EventKind::pin_set_proven, {},
                 "version " + std::to_string(trust_.version()) + " of the pin set is proven by " +
                     match.pin.text() + ", and trusted alone from now on");
  } else if (!was_proven) {
    shared_.emit(EventKind::warning, {},
                 "the broker still has the key " + match.pin.text() +
                     " of the last pin set; version " + std::to_string(trust_.version()) +
                     " is not proven yet");
  }
  look_at_clock(now);
  keep_or_warn();
  renew_keys();
  vouching_ = match.pin;
  tell_candidates(proven);
}

void TrustKeeper::tell_candidates(const Pins& proven) {
  std::vector<Candidate> candidates;
  for (const Pin& pin : trust_.candidates()) {
    candidates.push_back({pin, std::find(proven.begin(), proven.end(), pin) != proven.end()});
    shared_.emit(
        EventKind::candidate_pin, {},
        "the candidate " + pin.text() +
            (candidates.back().matches ? " matches the broker's key" : " would not have matched"));
  }
  const auto same = [](const Candidate& left, const Candidate& right) {
    return left.pin == right.pin && left.matches == right.matches;
  };
  if (!std::equal(candidates.begin(), candidates.end(), candidates_.begin(), candidates_.end(),
                  same)) {
    report_due_ = true;
    candidates_ = std::move(candidates);
  }
}

void TrustKeeper::refused(const Pin& seen, Instant now) {
  ++shared_.counters.pin_failures;
  ++refusals_;
  last_refused_ = seen;
  report_due_ = true;
  KeyRefusal refusal{seen.text(), texts_of(keys_->pins()), keys_->version()};
  shared_.emit({EventKind::key_refused, Errc::identity_refused,
                "the broker showed the key " + refusal.seen + "; trusted are " + keys_->text(),
                std::move(refusal)});
  trust_.refused(now);
  // For how long is of interest to the recovery alone.
  if (settings_.recovery) keep_or_warn();
}

bool TrustKeeper::wants_recovery() const {
  return settings_.recovery &&
         (keys_->empty() || trust_.refused_for() >= settings_.recovery->after);
}

void TrustKeeper::tick(Instant now) {
  if (looked_at_clock_ && now < *looked_at_clock_ + kClockStep) return;
  look_at_clock(now);
  keep_or_warn();
}

void TrustKeeper::time_was_set(Instant now) {
  look_at_clock(now);
  keep_or_warn();
}

std::optional<Instant> TrustKeeper::next_look(Instant now) const {
  if (trust_.expires() == 0 || trust_.expired() || !looked_at_clock_) return std::nullopt;
  const auto seconds = time_.seconds(now);
  if (!seconds) return std::nullopt;
  // A day at a time: the clock may be set meanwhile.
  const auto left =
      std::chrono::seconds(trust_.expires() > *seconds
                               ? std::min<std::uint64_t>(trust_.expires() - *seconds + 1, 24 * 3600)
                               : 1);
  return std::max<Instant>(now + left, *looked_at_clock_ + kClockStep);
}

void TrustKeeper::look_at_clock(Instant now) {
  looked_at_clock_ = now;
  if (const auto seconds = time_.seconds(now)) trust_.raise_time_floor(*seconds);
  if (!trust_.expired() || expiry_told_for_ == trust_.version()) return;
  expiry_told_for_ = trust_.version();
  renew_keys();
  shared_.emit(EventKind::pin_set_expired, Errc::pin_set_expired,
               "version " + std::to_string(trust_.version()) +
                   " of the pin set has expired; sign a newer one" +
                   (keys_->empty() ? ". Until it comes nobody is trusted" : ""));
}

TrustKeeper::Pins TrustKeeper::pins() const {
  return keys_->empty() ? Pins() : trust_.state().newest.pins;
}

std::vector<std::pair<Pin, bool>> TrustKeeper::candidate_results() const {
  std::vector<std::pair<Pin, bool>> results;
  for (const Candidate& candidate : candidates_) {
    results.emplace_back(candidate.pin, candidate.matches);
  }
  return results;
}

std::optional<std::vector<std::byte>> TrustKeeper::report(Instant now) {
  if (!report_due_ || !vouching_ || settings_.options.pin_updates.report_topic.empty()) {
    return std::nullopt;
  }
  if (reported_ && now < *reported_ + limits::kPinReportInterval) return std::nullopt;
  pinning::PinReport report{.refusals = refusals_,
                            .last_refused = last_refused_,
                            .pin_set_version = trust_.version(),
                            .proven = trust_.proven(),
                            .vouching = *vouching_};
  report.candidates = candidate_results();
  report_due_ = false;
  reported_ = now;
  refusals_ = 0;
  return pinning::encode_report(report);
}

}  // namespace holdfast::device
