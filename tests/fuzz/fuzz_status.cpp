// A status that anybody may have retained at the broker: it is read within its bounds or refused,
// and what was read is written as the same.

#include <string>

#include <holdfast/limits.hpp>

#include "fuzz.hpp"
#include "presence/status_document.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  std::string why;
  const auto status = presence::decode_status(fuzz::bytes_of(data, size), why);
  fuzz::require(status.has_value() == why.empty(), "a refusal has a reason, and only a refusal");
  if (!status) return 0;
  fuzz::require(status->pins.size() <= 4 * limits::kMaxPins &&
                    status->candidates.size() <= 4 * limits::kMaxPins,
                "pins are bounded");
  const auto again = presence::decode_status(presence::encode_status(*status), why);
  fuzz::require(again.has_value() && *again == *status, "what was written is read again");
  return 0;
}
