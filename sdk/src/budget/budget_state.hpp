// What must outlive the process of the month's count, and its form as bytes
// (docs/formats/budget_state.md). Pure.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace holdfast::budget {

struct BudgetState {
  std::uint64_t month_begins = 0;   ///< seconds since 1970; 0: nobody has known a date yet
  std::uint64_t used = 0;           ///< bytes of this month
  std::uint64_t undated = 0;        ///< those of them since anybody knew the date
  std::chrono::seconds elapsed{0};  ///< at least so much of the month is over
  std::uint32_t told = 0;           ///< bits of what the app was told this month
  unsigned step = 0;                ///< of slowing down (pace.hpp)
  // The month before, for a clock that is set back.
  std::uint64_t last_month_begins = 0;
  std::uint64_t last_month_used = 0;
  std::uint32_t last_month_told = 0;

  friend bool operator==(const BudgetState&, const BudgetState&) = default;
};

std::vector<std::uint8_t> encode_state(const BudgetState& state);
/// @return empty and `why` set for bytes that are no state.
std::optional<BudgetState> decode_state(std::span<const std::uint8_t> bytes, std::string& why);

}  // namespace holdfast::budget
