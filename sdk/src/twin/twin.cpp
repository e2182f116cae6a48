#include "twin/twin.hpp"

#include <algorithm>
#include <utility>

#include <holdfast/limits.hpp>
#include <holdfast/state_document.hpp>

namespace holdfast::twin {
namespace {

bool equal(Twin::Bytes left, const std::vector<std::byte>& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end());
}

}  // namespace

Twin::Twin(std::string topic, std::optional<KeptState> kept) {
  if (kept) {
    must_ask_ = kept->in_use || kept->desired_version == 0;
    kept_ = std::move(*kept);
  }
  kept_.topic = std::move(topic);
  kept_.in_use = true;
}

Twin::Verdict Twin::offer(std::uint64_t version, Bytes body, std::string& why) {
  const std::string ours = "version " + std::to_string(kept_.desired_version);
  if (version < kept_.desired_version) {
    why = "it is version " + std::to_string(version) + ", and " + ours +
          " was taken before; publish it with a higher version";
    return Verdict::refused;
  }
  if (version == kept_.desired_version) {
    if (equal(body, kept_.desired)) return Verdict::unchanged;
    why = "it is " + ours +
          ", which we have with other content; give each change a version of its "
          "own";
    return Verdict::refused;
  }
  kept_.desired_version = version;
  kept_.desired.assign(body.begin(), body.end());
  return Verdict::taken;
}

bool Twin::report(Bytes body) {
  if (kept_.reported_version > 0 && equal(body, kept_.reported)) return false;
  ++kept_.reported_version;
  kept_.reported.assign(body.begin(), body.end());
  kept_.acknowledged = false;
  return true;
}

std::vector<std::byte> Twin::sealed() const {
  return seal_state(kept_.reported_version, kept_.reported, kept_.desired_version);
}

bool Twin::acknowledged(std::uint64_t version) {
  if (version != kept_.reported_version || kept_.acknowledged) return false;
  kept_.acknowledged = true;
  return true;
}

bool Twin::answer(Instant now) {
  if (kept_.reported_version == 0) return false;
  if (answered_ && now < *answered_ + limits::kStateAnswerInterval) return false;
  answered_ = now;
  ++kept_.reported_version;
  kept_.acknowledged = false;
  return true;
}

bool may_have_forgotten(bool session_present, LastBroker last, Duration away,
                        std::chrono::seconds session_expiry) {
  if (last == LastBroker::other) return true;
  if (session_present) return false;
  // A session that was over anyway says nothing about the broker.
  return last == LastBroker::none || away < session_expiry;
}

}  // namespace holdfast::twin
