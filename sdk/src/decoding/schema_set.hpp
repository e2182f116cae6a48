// Schemas, found by the file identifier of a payload; and the SDK's own, which are compiled in.
//
// Threads: pure.

#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/failure.hpp"
#include "decoding/binary_schema.hpp"

namespace holdfast::decoding {

/// The file identifier where one stands in a FlatBuffer; empty where the payload is too short, or
/// these bytes are no visible ASCII.
std::string_view identifier_of(std::span<const std::byte> payload);

class SchemaSet {
 public:
  /// Those of schemas/holdfast, as this version of the SDK has them.
  static SchemaSet of_holdfast();

  /// Takes the place of one with the same identifier.
  void add(BinarySchema schema);
  /// @return nullptr: none has this identifier
  const BinarySchema* find(std::string_view identifier) const;

 private:
  std::map<std::string, BinarySchema, std::less<>> schemas_;
};

}  // namespace holdfast::decoding
