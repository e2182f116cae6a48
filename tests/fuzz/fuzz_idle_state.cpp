// A file of idle intervals that was tampered with, or that another version wrote: it is read within
// its bounds or refused, and what was read is written as the same.

#include <string>

#include "fuzz.hpp"
#include "session/idle_state.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  std::string why;
  const auto rows = session::decode_idle_state({data, size}, why);
  fuzz::require(rows.has_value() == why.empty(), "a refusal has a reason, and only a refusal");
  if (!rows) return 0;
  session::IdleRecords records;
  records.restore(*rows);
  fuzz::require(records.rows().size() <= limits::kLearnedNetworks, "the table is bounded");
  for (const auto& row : records.rows()) {
    fuzz::require(row.record.probe >= limits::kMinProbeInterval &&
                      row.record.probe <= limits::kMaxProbeInterval,
                  "an interval is within its bounds");
  }
  const auto again = session::decode_idle_state(session::encode_idle_state(records.rows()), why);
  fuzz::require(again.has_value() && *again == records.rows(), "what was written is read again");
  return 0;
}
