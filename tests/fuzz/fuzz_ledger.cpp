// A ledger file that was tampered with, or that another version wrote: it is read or refused, and
// what was read is written as the same.

#include <string>

#include <holdfast/limits.hpp>

#include "fuzz.hpp"
#include "ledger/book.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  std::string why;
  const auto state = ledger::decode_book({data, size}, why);
  fuzz::require(state.has_value() == why.empty(), "a refusal has a reason, and only a refusal");
  if (!state) return 0;
  fuzz::require(state->days.size() <= limits::kLedgerDays, "there are not too many days");
  const auto bytes = ledger::encode_book(*state);
  const auto again = ledger::decode_book(bytes, why);
  fuzz::require(again.has_value(), "what was written is read again");
  fuzz::require(ledger::encode_book(*again) == bytes, "and is the same");
  return 0;
}
