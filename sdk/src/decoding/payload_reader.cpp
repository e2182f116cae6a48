#include "decoding/payload_reader.hpp"

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <holdfast/limits.hpp>

namespace holdfast::decoding {
namespace {

constexpr std::size_t kIdentifierAt = 4;
constexpr std::size_t kIdentifierChars = 4;
constexpr std::size_t kOffsetBytes = sizeof(std::uint32_t);

class Reader {
 public:
  Reader(const BinarySchema& schema, std::span<const std::byte> payload, ValueSink& sink)
      : schema_(schema), payload_(payload), sink_(sink) {}

  Failure read_root() {
    std::size_t table = 0;
    if (follow(0, table)) read_table(table, schema_.root());
    if (sink_.full()) {
      return {Errc::payload_too_large, "more than fits into a line is in this payload"};
    }
    if (!wrong_.empty()) return {Errc::malformed_payload, wrong_};
    return {};
  }

 private:
  // --- Bounds: each returns false, and then nothing more is read -------------------------------

  bool fail(std::string_view what, std::size_t at) {
    if (wrong_.empty()) wrong_ = std::string(what) + " at byte " + std::to_string(at);
    return false;
  }
  bool going_on() const { return wrong_.empty() && !sink_.full(); }

  bool has(std::size_t at, std::size_t size) {
    if (at <= payload_.size() && size <= payload_.size() - at) return true;
    return fail("it is cut off, or something points out of it,", at);
  }

  bool aligned(std::size_t at, std::size_t alignment) {
    if (at % alignment == 0) return true;
    return fail("something is not aligned", at);
  }

  template <class T>
  T load(std::size_t at) const {
    T value;
    std::memcpy(&value, payload_.data() + at, sizeof value);  // FlatBuffers are little-endian
    return value;
  }

  template <class T>
  bool load_aligned(std::size_t at, T& value) {
    if (!has(at, sizeof(T)) || !aligned(at, sizeof(T))) return false;
    value = load<T>(at);
    return true;
  }

  // Where the offset that stands at `at` leads.
  bool follow(std::size_t at, std::size_t& target) {
    std::uint32_t offset = 0;
    if (!load_aligned(at, offset)) return false;
    if (offset == 0 || offset > INT32_MAX) return fail("an offset leads nowhere", at);
    target = at + offset;
    return has(target, 1);
  }

  // The same for an element of a vector, where FlatBuffers' verifier minds only the target.
  bool follow_element(std::size_t at, std::size_t& target) {
    target = at + load<std::uint32_t>(at);
    return has(target, 1);
  }

  // --- Tables
  // -------------------------------------------------------------------------------------

  struct Table {
    std::size_t at = 0;
    std::size_t vtable = 0;
    std::size_t vtable_size = 0;
  };

  bool enter(std::size_t at, Table& table) {
    std::int32_t back = 0;
    if (!load_aligned(at, back)) return false;
    const auto vtable = static_cast<std::int64_t>(at) - back;
    if (vtable < 0) return fail("a table has no vtable", at);
    table.at = at;
    table.vtable = static_cast<std::size_t>(vtable);
    std::uint16_t size = 0;
    if (!load_aligned(table.vtable, size)) return false;
    if (size % 2 != 0) return fail("a vtable has half an entry", table.vtable);
    if (!has(table.vtable, size)) return false;
    table.vtable_size = size;
    if (++tables_ > limits::kMaxFlatbufferTables) return fail("there are too many tables", at);
    if (++depth_ > limits::kMaxFlatbufferDepth) return fail("tables are nested too deep", at);
    return true;
  }

  // 0: the field is absent.
  std::size_t place_of(const Table& table, std::size_t slot) const {
    if (slot >= table.vtable_size) return 0;
    const auto offset = load<std::uint16_t>(table.vtable + slot);
    return offset == 0 ? 0 : table.at + offset;
  }

  bool read_table(std::size_t at, const Object& object) {
    Table table;
    if (!enter(at, table)) return false;
    sink_.begin_object();
    for (const Field& field : object.fields) {
      if (!going_on()) return false;
      if (!field.deprecated) read_field(table, field);
    }
    sink_.end_object();
    --depth_;
    return going_on();
  }

  bool read_field(const Table& table, const Field& field) {
    const std::size_t at = place_of(table, field.slot);
    if (at == 0) {
      if (field.required) return fail("the required " + field.name + " is missing", table.at);
      if (is_scalar(field.type.kind) && !field.optional) {
        sink_.key(field.name);
        default_of(field);
      }
      return true;
    }
    switch (field.type.kind) {
      case Kind::vector: {
        std::size_t vector = 0;
        if (!follow(at, vector)) return false;
        if (field.type.element == Kind::union_value) {
          return read_union_vector(table, field, vector);
        }
        sink_.key(field.name);
        return read_vector(field.type.of_element(), vector);
      }
      case Kind::string: {
        std::size_t string = 0;
        if (!follow(at, string)) return false;
        sink_.key(field.name);
        return read_string(string);
      }
      case Kind::object:
        return read_object_field(field, at);
      case Kind::union_value:
        return read_union(table, field, at);
      default:
        if (!has(at, size_of(field.type.kind)) || !aligned(at, size_of(field.type.kind))) {
          return false;
        }
        sink_.key(field.name);
        read_scalar(at, field.type);
        return true;
    }
  }

  bool read_object_field(const Field& field, std::size_t at) {
    const Object& object = schema_.object(field.type.index);
    if (object.is_struct) {
      if (!has(at, object.size) || !aligned(at, object.alignment)) return false;
      sink_.key(field.name);
      return read_struct(at, object);
    }
    std::size_t table = 0;
    if (!follow(at, table)) return false;
    sink_.key(field.name);
    return read_table(table, object);
  }

  // --- Unions ---------------------------------------------------------------------------------

  // The member of a union that `number` means; nullptr: none, or one that a newer schema has.
  const Type* member(std::size_t index, std::uint8_t number) const {
    const auto& values = schema_.enumeration(index).values;
    const auto found = values.find(number);
    return number == 0 || found == values.end() ? nullptr : &found->second.type;
  }

  bool read_member(std::size_t at, const Type& type) {
    if (type.kind == Kind::string) return read_string(at);
    const Object& object = schema_.object(type.index);
    if (!object.is_struct) return read_table(at, object);
    return has(at, object.size) && read_struct(at, object);
  }

  bool read_union(const Table& table, const Field& field, std::size_t at) {
    std::uint8_t number = 0;
    if (const std::size_t type_at = place_of(table, field.slot - 2U); type_at != 0) {
      if (!load_aligned(type_at, number)) return false;
    }
    std::size_t value = 0;
    if (!follow(at, value)) return false;
    const Type* type = member(field.type.index, number);
    if (type == nullptr || type->kind == Kind::none) return true;
    sink_.key(field.name);
    return read_member(value, *type);
  }

  bool read_union_vector(const Table& table, const Field& field, std::size_t vector) {
    std::uint32_t count = 0;
    if (!load_aligned(vector, count) || !has(vector + kOffsetBytes, count * kOffsetBytes)) {
      return false;
    }
    std::size_t types = 0;
    std::uint32_t type_count = 0;
    const std::size_t types_at = place_of(table, field.slot - 2U);
    if (types_at == 0) return count == 0 || fail("a vector of unions has no types", vector);
    if (!follow(types_at, types) || !load_aligned(types, type_count) ||
        !has(types + kOffsetBytes, type_count)) {
      return false;
    }
    if (type_count != count) return fail("a vector of unions has too few types", vector);
    sink_.key(field.name);
    sink_.begin_array();
    for (std::uint32_t n = 0; n < count && going_on(); ++n) {
      const auto number = load<std::uint8_t>(types + kOffsetBytes + n);
      const Type* type = member(field.type.index, number);
      std::size_t value = 0;
      if (type == nullptr || type->kind == Kind::none) {
        sink_.begin_object();
        sink_.end_object();
      } else if (follow_element(vector + kOffsetBytes + n * kOffsetBytes, value)) {
        read_member(value, *type);
      }
    }
    sink_.end_array();
    return going_on();
  }

  // --- Vectors, strings, structs
  // --------------------------------------------------------------------

  std::size_t stride_of(const Type& element) const {
    if (is_scalar(element.kind)) return size_of(element.kind);
    if (element.kind != Kind::object) return kOffsetBytes;
    const Object& object = schema_.object(element.index);
    return object.is_struct ? object.size : kOffsetBytes;
  }

  bool read_vector(const Type& element, std::size_t at) {
    std::uint32_t count = 0;
    if (!load_aligned(at, count)) return false;
    const std::size_t stride = stride_of(element);
    const std::size_t first = at + kOffsetBytes;
    if (!has(first, std::size_t{count} * stride)) return false;
    // A struct without a size repeats for nothing.
    if (stride == 0 && count > payload_.size()) return fail("a vector is too long", at);
    if (element.kind == Kind::uint8 && element.index == kNoIndex) {
      sink_.bytes(payload_.subspan(first, count));
      return going_on();
    }
    sink_.begin_array();
    for (std::uint32_t n = 0; n < count && going_on(); ++n) {
      read_element(first + n * stride, element);
    }
    sink_.end_array();
    return going_on();
  }

  bool read_element(std::size_t at, const Type& element) {
    if (is_scalar(element.kind)) {
      read_scalar(at, element);
      return true;
    }
    std::size_t target = 0;
    if (element.kind == Kind::string) return follow_element(at, target) && read_string(target);
    const Object& object = schema_.object(element.index);
    if (object.is_struct) return read_struct(at, object);
    return follow_element(at, target) && read_table(target, object);
  }

  bool read_string(std::size_t at) {
    std::uint32_t size = 0;
    if (!load_aligned(at, size) || !has(at + kOffsetBytes, std::size_t{size} + 1)) return false;
    if (payload_[at + kOffsetBytes + size] != std::byte{0}) {
      return fail("a string does not end", at);
    }
    sink_.text({reinterpret_cast<const char*>(payload_.data()) + at + kOffsetBytes, size});
    return true;
  }

  // All of it is known to be in the payload.
  bool read_struct(std::size_t at, const Object& object) {
    sink_.begin_object();
    for (const Field& field : object.fields) {
      if (!going_on()) return false;
      sink_.key(field.name);
      if (field.type.kind == Kind::array) {
        read_array(at + field.slot, field.type);
      } else {
        read_element(at + field.slot, field.type);
      }
    }
    sink_.end_object();
    return going_on();
  }

  void read_array(std::size_t at, const Type& type) {
    const Type element = type.of_element();
    if (element.kind == Kind::uint8 && element.index == kNoIndex) {
      sink_.bytes(payload_.subspan(at, type.length));
      return;
    }
    sink_.begin_array();
    for (std::size_t n = 0; n < type.length && going_on(); ++n) {
      read_element(at + n * stride_of(element), element);
    }
    sink_.end_array();
  }

  // --- Scalars
  // ------------------------------------------------------------------------------------

  void signed_value(const Type& type, std::int64_t value) {
    if (!symbolic(type, value)) sink_.integer(value);
  }
  void unsigned_value(const Type& type, std::uint64_t value) {
    // Enumerators are kept as signed numbers, as the schema has them.
    if (!symbolic(type, static_cast<std::int64_t>(value))) sink_.natural(value);
  }
  bool symbolic(const Type& type, std::int64_t value) {
    if (type.index == kNoIndex) return false;
    const auto& values = schema_.enumeration(type.index).values;
    const auto found = values.find(value);
    if (found == values.end()) return false;
    sink_.symbol(found->second.name);
    return true;
  }

  void read_scalar(std::size_t at, const Type& type) {
    switch (type.kind) {
      case Kind::boolean:
        return sink_.boolean(load<std::uint8_t>(at) != 0);
      case Kind::int8:
        return signed_value(type, load<std::int8_t>(at));
      case Kind::union_type:
      case Kind::uint8:
        return unsigned_value(type, load<std::uint8_t>(at));
      case Kind::int16:
        return signed_value(type, load<std::int16_t>(at));
      case Kind::uint16:
        return unsigned_value(type, load<std::uint16_t>(at));
      case Kind::int32:
        return signed_value(type, load<std::int32_t>(at));
      case Kind::uint32:
        return unsigned_value(type, load<std::uint32_t>(at));
      case Kind::int64:
        return signed_value(type, load<std::int64_t>(at));
      case Kind::uint64:
        return unsigned_value(type, load<std::uint64_t>(at));
      case Kind::float32:
        return sink_.real(load<float>(at));
      case Kind::float64:
        return sink_.real(load<double>(at));
      default:
        return;
    }
  }

  void default_of(const Field& field) {
    switch (field.type.kind) {
      case Kind::boolean:
        return sink_.boolean(field.default_integer != 0);
      case Kind::float32:
        return sink_.real(static_cast<float>(field.default_real));
      case Kind::float64:
        return sink_.real(field.default_real);
      case Kind::uint64:
        return unsigned_value(field.type, static_cast<std::uint64_t>(field.default_integer));
      default:
        return signed_value(field.type, field.default_integer);
    }
  }

  const BinarySchema& schema_;
  const std::span<const std::byte> payload_;
  ValueSink& sink_;
  std::string wrong_;
  unsigned depth_ = 0;
  unsigned tables_ = 0;
};

}  // namespace

Failure read_payload(const BinarySchema& schema, std::span<const std::byte> payload,
                     ValueSink& sink) {
  if (payload.size() < kIdentifierAt + kIdentifierChars) {
    return {Errc::malformed_payload, "it is too short for a FlatBuffer with a file identifier"};
  }
  if (std::memcmp(payload.data() + kIdentifierAt, schema.identifier().data(), kIdentifierChars) !=
      0) {
    return {Errc::foreign_payload, "its file identifier is another"};
  }
  return Reader(schema, payload, sink).read_root();
}

}  // namespace holdfast::decoding
