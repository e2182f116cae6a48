// A binary schema from anywhere, and a payload that is printed by it. The first two bytes are the
// length of the schema (in bytes, the low one first); the payload is what comes behind it.

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include <holdfast/limits.hpp>

#include "decoding/binary_schema.hpp"
#include "decoding/json_text.hpp"
#include "decoding/payload_reader.hpp"
#include "decoding/table_text.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  if (size < 2) return 0;
  const std::size_t length = std::min<std::size_t>(data[0] + 256U * data[1], size - 2);
  const auto input = fuzz::bytes_of(data + 2, size - 2);
  Failure failure;
  const auto schema = decoding::BinarySchema::load(input.first(length), failure);
  fuzz::require(schema.has_value() != static_cast<bool>(failure), "a schema or a reason");
  if (!schema) {
    fuzz::require(!failure.detail.empty(), "a reason is a sentence");
    return 0;
  }
  std::vector<std::byte> payload(input.begin() + static_cast<std::ptrdiff_t>(length), input.end());
  // The fuzzer need not guess the identifier.
  if (payload.size() >= 8) std::memcpy(payload.data() + 4, schema->identifier().data(), 4);

  constexpr std::size_t kMost = std::size_t{64} * 1024;
  decoding::JsonText json(kMost);
  if (!decoding::read_payload(*schema, payload, json)) {
    for (const char character : json.take()) {
      fuzz::require(character >= 0x20 && character < 0x7F, "JSON is ASCII, on one line");
    }
  }
  const auto columns = decoding::columns_of(*schema);
  fuzz::require(columns.size() <= limits::kMaxColumns, "columns are bounded");
  decoding::CsvRow row(columns, kMost);
  if (decoding::read_payload(*schema, payload, row)) row.take();
  return 0;
}
