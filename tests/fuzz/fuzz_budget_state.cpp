// A budget's state file that was tampered with, or that another version wrote: it is read or
// refused, and whatever was read, the month goes on from it.

#include <string>

#include "budget/meter.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  using namespace std::chrono_literals;
  std::string why;
  const auto state = budget::decode_state({data, size}, why);
  fuzz::require(state.has_value() == why.empty(), "a refusal has a reason, and only a refusal");
  if (!state) return 0;
  const auto again = budget::decode_state(budget::encode_state(*state), why);
  fuzz::require(again == state, "what was written is read again, and is the same");

  budget::Meter meter({.bytes_per_month = 1'000'000, .billing_day = 31}, *state);
  const Instant start(1h);
  std::uint64_t total = 1'000;
  meter.update(total, std::nullopt, start);
  fuzz::require(meter.state().used == state->used + 1'000, "what was used goes on");
  for (const std::uint64_t date : {1'796'083'200ULL, 1'830'297'600ULL, 1'796'083'200ULL}) {
    meter.update(total += 1'000, date, start + 1h);
    fuzz::require(meter.state().used >= 1'000, "undated bytes are of the month that is");
    const BudgetStatus status = meter.status();
    fuzz::require(status.renews && *status.renews > date - 3'600, "the month ends later");
    fuzz::require(budget::decode_state(budget::encode_state(meter.state()), why).has_value(),
                  "what is kept can be read");
  }
  return 0;
}
