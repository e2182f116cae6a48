// A log of records, damaged or tampered with: what is read of it is what would be written, and
// nothing behind damage counts.

#include <algorithm>

#include "fuzz.hpp"
#include "state/record_format.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  using End = state::LogContent::End;
  const std::span<const std::uint8_t> file(data, size);
  const state::LogContent log = state::decode_log(file);
  fuzz::require(log.whole_bytes <= size, "it reads what is there");
  fuzz::require((log.end == End::whole) == (log.whole_bytes == size && size > 0),
                "a log ends with its last record");
  auto again = state::encode_log_head();
  for (const auto record : log.records) {
    fuzz::require(!record.empty() && record.size() <= state::kMaxRecordBytes, "within bounds");
    const auto bytes = state::encode_record(record);
    again.insert(again.end(), bytes.begin(), bytes.end());
  }
  if (log.whole_bytes == 0) {
    fuzz::require(log.records.empty(), "nothing without a head");
    return 0;
  }
  fuzz::require(std::ranges::equal(again, file.first(log.whole_bytes)), "what is read was written");
  // One more record behind what counts is found, whatever stood there.
  const std::uint8_t content[] = {7};
  const auto more = state::encode_record(content);
  again.insert(again.end(), more.begin(), more.end());
  const state::LogContent longer = state::decode_log(again);
  fuzz::require(longer.end == End::whole && longer.records.size() == log.records.size() + 1,
                "it goes on where it ended");
  return 0;
}
