// What the retained statuses of a fleet say, counted. Pure.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "presence/status_document.hpp"

namespace holdfast::cli {

/// Devices that are kept in memory: at 470 bytes each, 118 MB. More must be looked at in parts.
inline constexpr std::size_t kMostDevices = 250'000;

class FleetView {
 public:
  struct Count {
    std::uint64_t online = 0;
    std::uint64_t offline = 0;

    std::uint64_t sum() const { return online + offline; }
    void add(bool is_online) { ++(is_online ? online : offline); }
  };
  /// How long ago a status was written, in steps; the last is "nobody knows".
  struct Silence {
    const char* text;
    std::uint64_t most_seconds;
  };
  static constexpr std::uint64_t kHour = 3'600;
  static constexpr std::array<Silence, 6> kSilences{{{"within the hour", kHour},
                                                     {"within a day", 24 * kHour},
                                                     {"within 2 days", 48 * kHour},
                                                     {"within a week", 7 * 24 * kHour},
                                                     {"within 30 days", 30 * 24 * kHour},
                                                     {"longer ago", UINT64_MAX}}};

  /// The newest message of a topic, which is a device's name. An empty one takes the device away.
  /// @return false if there are too many
  bool take(const std::string& topic, std::span<const std::byte> payload);

  const std::map<std::string, presence::StatusDocument>& devices() const { return devices_; }
  /// Topics whose message is no status, and why.
  const std::map<std::string, std::string>& unreadable() const { return unreadable_; }
  /// Those and the devices.
  std::size_t size() const { return devices_.size() + unreadable_.size(); }

  Count all() const;
  std::map<std::uint64_t, Count> by_pin_set() const;
  /// Of those that are online: the others do not tell.
  std::map<std::string, std::uint64_t> by_vouching_pin() const;
  /// Of those that are online and have a budget, by what it lets through.
  std::map<Admission, std::uint64_t> by_admission() const;
  /// As `kSilences`, and behind them those that did not know the time.
  std::array<Count, kSilences.size() + 1> by_silence(std::uint64_t now) const;

  /// Topics of devices that would refuse a broker with this key, in their order.
  std::vector<std::string> without_pin(const pinning::Pin& pin) const;

 private:
  std::map<std::string, presence::StatusDocument> devices_;
  std::map<std::string, std::string> unreadable_;
};

}  // namespace holdfast::cli
