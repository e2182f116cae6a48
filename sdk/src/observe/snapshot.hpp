// What a running device tells of itself at one moment.

#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include <holdfast/status.hpp>

namespace holdfast::observe {

struct Snapshot {
  std::string client_id;
  std::string broker;  ///< as the options name it
  std::int64_t pid = 0;
  std::optional<std::int64_t> clock_ms{};  ///< since 1970, if anybody knows it
  std::chrono::milliseconds uptime{0};     ///< since the device was started
  std::chrono::milliseconds in_state{0};   ///< since its state is what it is
  Status status;
  std::map<std::string, std::uint64_t> events;  ///< since the device was made, by kind
};

}  // namespace holdfast::observe
