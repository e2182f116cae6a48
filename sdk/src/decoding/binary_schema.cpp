#include "decoding/binary_schema.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <set>
#include <utility>

#include <flatbuffers/flatbuffers.h>
#include <flatbuffers/reflection_generated.h>

#include <holdfast/limits.hpp>

namespace holdfast::decoding {
namespace {

constexpr std::size_t kIdentifierChars = 4;
// The vtable's first two entries are no fields.
constexpr std::uint16_t kFirstSlot = 4;
constexpr std::size_t kLargestAlignment = 256;

constexpr std::array<std::uint8_t, 18> kSizes{0, 1, 1, 1, 1, 2, 2, 4, 4, 8, 8, 4, 8, 0, 0, 0, 0, 0};

bool is_word(std::string_view text, std::string_view more = "") {
  return !text.empty() && std::all_of(text.begin(), text.end(), [more](char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') || character == '_' ||
           more.find(character) != std::string_view::npos;
  });
}

std::string_view text_of(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view() : std::string_view(text->c_str(), text->size());
}

}  // namespace

std::size_t size_of(Kind kind) noexcept {
  const auto number = static_cast<std::size_t>(kind);
  return number < kSizes.size() ? kSizes[number] : 0;
}

/// Copies what is of use out of a buffer that is a valid FlatBuffer, and then checks what the
/// schema says. Each step ends at the first thing that cannot be.
class SchemaLoader {
 public:
  std::string read(const reflection::Schema& source) {
    if (source.root_table() == nullptr) return "it has no root_type";
    if (source.file_ident() == nullptr || source.file_ident()->size() != kIdentifierChars) {
      return "it has no file_identifier";
    }
    schema_.identifier_ = source.file_ident()->str();
    for (const auto* object : *source.objects()) take(*object);
    for (const auto* enumeration : *source.enums()) take(*enumeration);
    const auto root = text_of(source.root_table()->name());
    const auto found = std::find_if(schema_.objects_.begin(), schema_.objects_.end(),
                                    [root](const Object& object) { return object.name == root; });
    if (found == schema_.objects_.end() || found->is_struct) return "its root type is no table";
    schema_.root_ = static_cast<std::size_t>(found - schema_.objects_.begin());
    check();
    return std::move(wrong_);
  }

  BinarySchema take_schema() { return std::move(schema_); }

 private:
  void fail(const std::string& what) {
    if (wrong_.empty()) wrong_ = what;
  }

  Type type_of(const reflection::Type* source) {
    Type type;
    if (source == nullptr) return type;
    type.kind = static_cast<Kind>(source->base_type());
    type.element = static_cast<Kind>(source->element());
    if (source->index() >= 0) type.index = static_cast<std::size_t>(source->index());
    type.length = source->fixed_length();
    return type;
  }

  void take(const reflection::Object& source) {
    Object object{.name = std::string(text_of(source.name())), .is_struct = source.is_struct()};
    if (!is_word(object.name, ".")) fail("a type has no proper name");
    if (source.bytesize() < 0 ||
        static_cast<std::size_t>(source.bytesize()) > limits::kMaxPayloadBytes ||
        source.minalign() < 1 || static_cast<std::size_t>(source.minalign()) > kLargestAlignment ||
        !std::has_single_bit(static_cast<unsigned>(source.minalign()))) {
      return fail(object.name + " has no proper size");
    }
    object.size = static_cast<std::size_t>(source.bytesize());
    object.alignment = static_cast<std::size_t>(source.minalign());
    for (const auto* field : *source.fields()) {
      object.fields.push_back({.name = std::string(text_of(field->name())),
                               .type = type_of(field->type()),
                               .id = field->id(),
                               .slot = field->offset(),
                               .default_integer = field->default_integer(),
                               .default_real = field->default_real(),
                               .optional = field->optional(),
                               .required = field->required(),
                               .deprecated = field->deprecated()});
    }
    std::sort(object.fields.begin(), object.fields.end(),
              [](const Field& a, const Field& b) { return a.slot < b.slot; });
    schema_.objects_.push_back(std::move(object));
  }

  void take(const reflection::Enum& source) {
    Enum enumeration{.name = std::string(text_of(source.name())), .is_union = source.is_union()};
    if (!is_word(enumeration.name, ".")) fail("an enum has no proper name");
    for (const auto* value : *source.values()) {
      Enumerator enumerator{.name = std::string(text_of(value->name())),
                            .type = type_of(value->union_type())};
      if (!is_word(enumerator.name)) fail(enumeration.name + " has a value without a proper name");
      enumeration.values.try_emplace(value->value(), std::move(enumerator));
    }
    schema_.enums_.push_back(std::move(enumeration));
  }

  void check() {
    for (const Object& object : schema_.objects_) {
      std::set<std::string_view> names;
      for (const Field& field : object.fields) {
        if (!is_word(field.name) || !names.insert(field.name).second) {
          return fail(object.name + " has a field without a name of its own");
        }
        const bool fine = object.is_struct ? fits_struct(object, field) : fits_table(object, field);
        if (!fine) return fail("the field " + object.name + "." + field.name + " cannot be");
      }
    }
    for (const Enum& enumeration : schema_.enums_) {
      for (const auto& [number, enumerator] : enumeration.values) {
        if (enumeration.is_union && !is_member(enumerator.type)) {
          return fail("the member " + enumeration.name + "." + enumerator.name + " cannot be");
        }
      }
    }
    check_nesting();
  }

  bool is_member(const Type& type) const {
    return type.kind == Kind::none || type.kind == Kind::string ||
           (type.kind == Kind::object && type.index < schema_.objects_.size());
  }

  // A type that needs no other, or one that is there.
  bool is_whole(const Type& type) const {
    switch (type.kind) {
      case Kind::union_type:
      case Kind::union_value:
        return type.index < schema_.enums_.size() && schema_.enums_[type.index].is_union;
      case Kind::object:
        return type.index < schema_.objects_.size();
      case Kind::string:
        return true;
      default:
        return is_scalar(type.kind) &&
               (type.index == kNoIndex || type.index < schema_.enums_.size());
    }
  }

  bool fits_table(const Object& object, const Field& field) const {
    if (field.slot < kFirstSlot || field.slot % 2 != 0) return false;
    const bool is_vector = field.type.kind == Kind::vector;
    const Type type = is_vector ? field.type.of_element() : field.type;
    if (!is_whole(type)) return false;
    if (type.kind != Kind::union_value) return true;
    // What is in a union, its neighbour tells.
    return std::any_of(object.fields.begin(), object.fields.end(), [&](const Field& other) {
      const Type tells = is_vector ? other.type.of_element() : other.type;
      return other.slot + 2 == field.slot && (other.type.kind == Kind::vector) == is_vector &&
             tells.kind == Kind::union_type && tells.index == type.index;
    });
  }

  bool fits_struct(const Object& object, const Field& field) const {
    const bool is_array = field.type.kind == Kind::array;
    const Type type = is_array ? field.type.of_element() : field.type;
    std::size_t size = size_of(type.kind);
    if (type.kind == Kind::object) {
      if (!is_whole(type) || !schema_.objects_[type.index].is_struct) return false;
      size = schema_.objects_[type.index].size;
    } else if (!is_scalar(type.kind) || type.kind == Kind::union_type || !is_whole(type)) {
      return false;
    }
    if (is_array && field.type.length == 0) return false;
    return field.slot + size * (is_array ? field.type.length : 1U) <= object.size;
  }

  // Structs are nested by value: one that contains itself has no end.
  void check_nesting() {
    std::vector<std::size_t> depths(schema_.objects_.size(), 0);
    for (std::size_t n = 0; n < depths.size(); ++n) {
      if (schema_.objects_[n].is_struct) depth_of(n, depths, 0);
    }
  }

  std::size_t depth_of(std::size_t index, std::vector<std::size_t>& depths, std::size_t above) {
    if (depths[index] != 0) return depths[index];
    if (above >= limits::kMaxFlatbufferDepth) {
      fail(schema_.objects_[index].name + " is nested too deep");
      return above;
    }
    std::size_t deepest = 0;
    for (const Field& field : schema_.objects_[index].fields) {
      const Type type = field.type.kind == Kind::array ? field.type.of_element() : field.type;
      if (type.kind != Kind::object || !wrong_.empty()) continue;
      deepest = std::max(deepest, depth_of(type.index, depths, above + 1));
    }
    if (deepest + 1 > limits::kMaxFlatbufferDepth) {
      fail(schema_.objects_[index].name + " is nested too deep");
    }
    return depths[index] = deepest + 1;
  }

  BinarySchema schema_;
  std::string wrong_;
};

std::optional<BinarySchema> BinarySchema::load(std::span<const std::byte> bytes, Failure& failure) {
  // A copy, because the verifier wants the alignment that memory of its own has.
  const std::vector<std::byte> copy(bytes.begin(), bytes.end());
  const auto* data = reinterpret_cast<const std::uint8_t*>(copy.data());
  flatbuffers::Verifier verifier(data, copy.size(), limits::kMaxFlatbufferDepth,
                                 limits::kMaxSchemaTables);
  if (copy.size() < 2 * sizeof(flatbuffers::uoffset_t) ||
      !reflection::VerifySchemaBuffer(verifier)) {
    failure = Failure(Errc::malformed_payload,
                      "it is no binary schema; flatc --binary --schema FILE.fbs makes one");
    return std::nullopt;
  }
  SchemaLoader loader;
  if (auto wrong = loader.read(*reflection::GetSchema(data)); !wrong.empty()) {
    failure = Failure(Errc::malformed_payload,
                      std::move(wrong) + "; make it anew with flatc --binary --schema");
    return std::nullopt;
  }
  failure = Failure();
  return loader.take_schema();
}

}  // namespace holdfast::decoding
