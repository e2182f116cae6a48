// A binary schema (.bfbs, what flatc writes with --binary --schema), checked and in a form that is
// easy to walk: what FlatBuffers' own reflection would believe of a schema is proven here first,
// because a schema may be as hostile as a payload.
//
// Threads: pure; a schema that is loaded is not changed any more.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/failure.hpp"

namespace holdfast::decoding {

/// In the order of FlatBuffers' reflection.fbs, whose numbers they are.
enum class Kind : std::uint8_t {
  none = 0,
  union_type = 1,
  boolean = 2,
  int8 = 3,
  uint8 = 4,
  int16 = 5,
  uint16 = 6,
  int32 = 7,
  uint32 = 8,
  int64 = 9,
  uint64 = 10,
  float32 = 11,
  float64 = 12,
  string = 13,
  vector = 14,
  object = 15,
  union_value = 16,
  array = 17,
};

inline constexpr std::size_t kNoIndex = SIZE_MAX;

struct Type {
  Kind kind = Kind::none;
  Kind element = Kind::none;     ///< of a vector and of an array
  std::size_t index = kNoIndex;  ///< of the object or of the enum that is meant
  std::uint16_t length = 0;      ///< of an array

  /// What an element of this vector or array is.
  Type of_element() const { return {element, Kind::none, index, 0}; }
};

struct Field {
  std::string name;
  Type type;
  std::uint16_t id = 0;
  std::uint16_t slot = 0;  ///< where its offset stands in the vtable; in a struct: where it is
  std::int64_t default_integer = 0;
  double default_real = 0;
  bool optional = false;
  bool required = false;
  bool deprecated = false;
};

struct Object {
  std::string name;
  bool is_struct = false;
  std::size_t size = 0;  ///< of a struct
  std::size_t alignment = 1;
  std::vector<Field> fields;  ///< as they were declared
};

struct Enumerator {
  std::string name;
  Type type;  ///< of a union's member
};

struct Enum {
  std::string name;
  bool is_union = false;
  std::map<std::int64_t, Enumerator> values;
};

/// Bytes of a scalar; 0 for what is none.
std::size_t size_of(Kind kind) noexcept;
inline bool is_scalar(Kind kind) noexcept {
  return size_of(kind) != 0;
}

class BinarySchema {
 public:
  /// @return empty, and `failure` set to `malformed_payload` and a sentence, for what is damaged,
  /// contradicts itself, or has no root type or no file identifier.
  static std::optional<BinarySchema> load(std::span<const std::byte> bytes, Failure& failure);

  const std::string& identifier() const { return identifier_; }
  const Object& root() const { return objects_[root_]; }
  std::size_t root_index() const { return root_; }
  const Object& object(std::size_t index) const { return objects_[index]; }
  const Enum& enumeration(std::size_t index) const { return enums_[index]; }
  const std::vector<Object>& objects() const { return objects_; }
  const std::vector<Enum>& enums() const { return enums_; }

 private:
  friend class SchemaLoader;
  BinarySchema() = default;

  std::string identifier_;
  std::size_t root_ = 0;
  std::vector<Object> objects_;
  std::vector<Enum> enums_;
};

}  // namespace holdfast::decoding
