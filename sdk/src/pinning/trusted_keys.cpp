#include "pinning/trusted_keys.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::pinning {
namespace {

std::string join(const std::vector<Pin>& pins) {
  std::string text;
  for (const Pin& pin : pins) {
    if (!text.empty()) text += ", ";
    text += pin.text();
  }
  return text;
}

}  // namespace

TrustedKeys::TrustedKeys(std::uint64_t version, std::vector<Pin> current, std::vector<Pin> fallback,
                         std::vector<Pin> revoked)
    : version_(version),
      current_(std::move(current)),
      fallback_(std::move(fallback)),
      revoked_(std::move(revoked)) {}

TrustedKeys TrustedKeys::with_pins(std::vector<Pin> pins) const {
  std::erase_if(pins, [this](const Pin& pin) {
    return std::find(revoked_.begin(), revoked_.end(), pin) != revoked_.end();
  });
  return {0, std::move(pins), {}, revoked_};
}

std::optional<TrustedKeys::Match> TrustedKeys::match(const Pin& seen) const {
  std::optional<Match> found;
  const auto look = [&](const std::vector<Pin>& pins, Role role) {
    for (const Pin& pin : pins) {
      std::uint8_t difference = 0;
      for (std::size_t i = 0; i < kDigestBytes; ++i) {
        difference = static_cast<std::uint8_t>(difference | (pin.digest[i] ^ seen.digest[i]));
      }
      if (difference == 0 && !found) found = Match{pin, role};
    }
  };
  look(current_, Role::current);
  look(fallback_, Role::fallback);
  return found;
}

std::optional<TrustedKeys::Match> TrustedKeys::judge(const std::vector<Pin>& proven) const {
  std::optional<Match> found;
  for (const Pin& pin : proven) {
    if (std::find(revoked_.begin(), revoked_.end(), pin) != revoked_.end()) return std::nullopt;
    const auto match = this->match(pin);
    // The current set counts before the fallback, and the broker's own key before those above it.
    if (match && (!found || (found->role == Role::fallback && match->role == Role::current))) {
      found = match;
    }
  }
  return found;
}

std::vector<Pin> TrustedKeys::pins() const {
  std::vector<Pin> all = current_;
  all.insert(all.end(), fallback_.begin(), fallback_.end());
  return all;
}

std::string TrustedKeys::text() const {
  if (empty()) return "none";
  std::string text = join(current_);
  if (version_ > 0) text += " (version " + std::to_string(version_) + " of the pin set)";
  if (!fallback_.empty()) text += ", and until it is proven " + join(fallback_);
  return text;
}

}  // namespace holdfast::pinning
