#include "decoding/schema_set.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "decoding/embedded_schemas.hpp"

namespace holdfast::decoding {

std::string_view identifier_of(std::span<const std::byte> payload) {
  constexpr std::size_t kAt = 4;
  constexpr std::size_t kChars = 4;
  if (payload.size() < kAt + kChars) return {};
  const std::string_view text(reinterpret_cast<const char*>(payload.data()) + kAt, kChars);
  const bool visible = std::all_of(text.begin(), text.end(), [](char character) {
    return character > 0x20 && character < 0x7F;
  });
  return visible ? text : std::string_view();
}

SchemaSet SchemaSet::of_holdfast() {
  SchemaSet set;
  for (const std::span<const unsigned char> bytes : embedded_schemas()) {
    Failure failure;
    if (auto schema = BinarySchema::load(std::as_bytes(bytes), failure))
      set.add(std::move(*schema));
  }
  return set;
}

void SchemaSet::add(BinarySchema schema) {
  std::string identifier = schema.identifier();
  schemas_.insert_or_assign(std::move(identifier), std::move(schema));
}

const BinarySchema* SchemaSet::find(std::string_view identifier) const {
  const auto found = schemas_.find(identifier);
  return found == schemas_.end() ? nullptr : &found->second;
}

}  // namespace holdfast::decoding
