// What a device tells its broker about refused keys and candidates
// (schemas/holdfast/pin_report.fbs). Pure.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "pinning/pin.hpp"

namespace holdfast::pinning {

struct PinReport {
  std::uint64_t refusals = 0;
  std::optional<Pin> last_refused;
  std::uint64_t pin_set_version = 0;
  bool proven = true;
  Pin vouching;
  std::vector<std::pair<Pin, bool>> candidates{};  ///< and whether each would have matched
};

std::vector<std::byte> encode_report(const PinReport& report);

}  // namespace holdfast::pinning
