#include "fleet_view.hpp"

#include <algorithm>

namespace holdfast::cli {

bool FleetView::take(const std::string& topic, std::span<const std::byte> payload) {
  if (payload.empty()) {
    devices_.erase(topic);
    unreadable_.erase(topic);
    return true;
  }
  const bool is_known = devices_.contains(topic) || unreadable_.contains(topic);
  if (!is_known && size() >= kMostDevices) return false;
  std::string why;
  auto status = presence::decode_status(payload, why);
  if (status) {
    unreadable_.erase(topic);
    devices_[topic] = std::move(*status);
  } else {
    devices_.erase(topic);
    unreadable_[topic] = why;
  }
  return true;
}

FleetView::Count FleetView::all() const {
  Count count;
  for (const auto& [topic, status] : devices_) count.add(status.online);
  return count;
}

std::map<std::uint64_t, FleetView::Count> FleetView::by_pin_set() const {
  std::map<std::uint64_t, Count> counts;
  for (const auto& [topic, status] : devices_) counts[status.pin_set_version].add(status.online);
  return counts;
}

std::map<std::string, std::uint64_t> FleetView::by_vouching_pin() const {
  std::map<std::string, std::uint64_t> counts;
  for (const auto& [topic, status] : devices_) {
    if (status.vouching) ++counts[status.vouching->text()];
  }
  return counts;
}

std::map<Admission, std::uint64_t> FleetView::by_admission() const {
  std::map<Admission, std::uint64_t> counts;
  for (const auto& [topic, status] : devices_) {
    if (status.budget) ++counts[status.budget->admission];
  }
  return counts;
}

std::array<FleetView::Count, FleetView::kSilences.size() + 1> FleetView::by_silence(
    std::uint64_t now) const {
  std::array<Count, kSilences.size() + 1> counts{};
  for (const auto& [topic, status] : devices_) {
    if (status.written == 0) {
      counts.back().add(status.online);
      continue;
    }
    const std::uint64_t age = now > status.written ? now - status.written : 0;
    const auto* const step =
        std::find_if(kSilences.begin(), kSilences.end(),
                     [age](const Silence& silence) { return age <= silence.most_seconds; });
    counts[static_cast<std::size_t>(step - kSilences.begin())].add(status.online);
  }
  return counts;
}

std::vector<std::string> FleetView::without_pin(const pinning::Pin& pin) const {
  const auto prefix = presence::prefix_of(pin);
  std::vector<std::string> topics;
  for (const auto& [topic, status] : devices_) {
    const auto& pins = status.pins;
    if (std::find(pins.begin(), pins.end(), prefix) == pins.end()) topics.push_back(topic);
  }
  return topics;
}

}  // namespace holdfast::cli
