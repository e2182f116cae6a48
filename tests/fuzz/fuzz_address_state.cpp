// A file of addresses that was tampered with, or that another version wrote: it is read within its
// bounds or refused, and what was read is written as the same.

#include <string>

#include "channel/address_state.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  std::string why;
  const auto table = channel::decode_addresses({data, size}, why);
  fuzz::require(table.has_value() == why.empty(), "a refusal has a reason, and only a refusal");
  if (!table) return 0;
  fuzz::require(table->rows().size() <= channel::kMaxAddressRows, "the table is bounded");
  for (const channel::AddressRow& row : table->rows()) {
    fuzz::require(!row.host.empty() && row.port != 0, "a row has a name and a port");
    fuzz::require(channel::can_be_kept(row.address), "an address is one to connect to");
    fuzz::require(table->find(row.host, row.port) == &row, "a name is there once");
    const resumption::Moment now{.boot = row.learned.boot, .uptime = 1'000, .wall = 1'800'000'000};
    const auto age = channel::age_of(row.learned, now);
    fuzz::require(!age || age->count() >= 0, "nothing is known of the future");
  }
  const auto again = channel::decode_addresses(channel::encode_addresses(*table), why);
  fuzz::require(again.has_value() && *again == *table, "what was written is read again");
  return 0;
}
