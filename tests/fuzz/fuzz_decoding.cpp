// A payload printed by the SDK's own schemas, as `holdfast sub` prints what a broker sends: as
// JSON, and as a row of a table. What the generated verifiers take must be readable.

#include <string>
#include <vector>

#include <holdfast/payload.hpp>

#include "decoding/bodies.hpp"
#include "decoding/json_text.hpp"
#include "decoding/payload_reader.hpp"
#include "decoding/schema_set.hpp"
#include "decoding/table_text.hpp"
#include "fuzz.hpp"
#include "pin_set_generated.h"
#include "ticket_store_generated.h"

namespace {

using namespace holdfast;

void is_one_line(const std::string& text) {
  for (const char character : text) {
    fuzz::require(character >= 0x20 && character < 0x7F, "JSON is ASCII, on one line");
  }
}

template <class T>
bool is_taken(std::span<const std::byte> bytes) {
  std::error_code error;
  const std::vector<std::byte> aligned(bytes.begin(), bytes.end());
  return verify<T>(aligned, error) != nullptr;
}

void print(const decoding::BinarySchema& schema, std::span<const std::byte> body) {
  decoding::JsonText json(64 * 1024);
  const Failure failure = decoding::read_payload(schema, body, json);
  if (!failure) is_one_line(json.take());
  const bool verified = is_taken<wire::PinSet>(body) || is_taken<wire::TicketStore>(body);
  if (verified) fuzz::require(failure.error != Errc::malformed_payload, "what is valid is read");

  const auto columns = decoding::columns_of(schema);
  decoding::CsvRow row(columns, 64 * 1024);
  const Failure of_row = decoding::read_payload(schema, body, row);
  fuzz::require(
      (of_row.error == Errc::malformed_payload) == (failure.error == Errc::malformed_payload) ||
          of_row.error == Errc::payload_too_large || failure.error == Errc::payload_too_large,
      "JSON and table agree");
  fuzz::require(row.take().size() == columns.size(), "a cell for each column");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto schemas = decoding::SchemaSet::of_holdfast();
  const auto input = fuzz::bytes_of(data, size);
  const std::vector<std::byte> payload(input.begin(), input.end());  // aligned, as a Message's is
  decoding::Bodies bodies;
  if (decoding::open_bodies(payload, bodies)) return 0;
  fuzz::require(!bodies.parts.empty(), "there is a body");
  for (const auto body : bodies.parts) {
    if (const auto* schema = schemas.find(decoding::identifier_of(body))) print(*schema, body);
  }
  return 0;
}
