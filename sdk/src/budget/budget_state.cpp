#include "budget/budget_state.hpp"

#include <algorithm>

#include <flatbuffers/flatbuffers.h>

#include <holdfast/payload.hpp>

#include "budget/pace.hpp"
#include "budget_state_generated.h"

namespace holdfast::budget {
namespace {

// No carrier counts as much, and sums of it stay far from the end of 64 bits.
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 60;
// Longer than any billing month.
constexpr std::uint64_t kMostSeconds = std::uint64_t{62} * 24 * 3600;

}  // namespace

// What is written can be read: sums that a damaged file has brought near the bounds stay there.
std::vector<std::uint8_t> encode_state(const BudgetState& state) {
  const std::uint64_t used = std::min(state.used, kMostBytes);
  const auto elapsed = std::min(static_cast<std::uint64_t>(state.elapsed.count()), kMostSeconds);
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(wire::CreateBudgetState(
                     builder, state.month_begins, used, std::min(state.undated, used), elapsed,
                     state.told, static_cast<std::uint8_t>(state.step), state.last_month_begins,
                     std::min(state.last_month_used, kMostBytes), state.last_month_told),
                 Schema<wire::BudgetState>::identifier.data());
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

std::optional<BudgetState> decode_state(std::span<const std::uint8_t> bytes, std::string& why) {
  std::error_code error;
  const auto* table = verify<wire::BudgetState>(std::as_bytes(bytes), error);
  if (table == nullptr) {
    why = "it is not a budget state: " + error.message();
    return std::nullopt;
  }
  if (table->used() > kMostBytes || table->last_month_used() > kMostBytes ||
      table->undated() > table->used()) {
    why = "its counts contradict each other";
    return std::nullopt;
  }
  if (table->elapsed() > kMostSeconds || table->step() > kLastStep) {
    why = "its month cannot be";
    return std::nullopt;
  }
  return BudgetState{.month_begins = table->month_begins(),
                     .used = table->used(),
                     .undated = table->undated(),
                     .elapsed = std::chrono::seconds(static_cast<std::int64_t>(table->elapsed())),
                     .told = table->told(),
                     .step = table->step(),
                     .last_month_begins = table->last_month_begins(),
                     .last_month_used = table->last_month_used(),
                     .last_month_told = table->last_month_told()};
}

}  // namespace holdfast::budget
