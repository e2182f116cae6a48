// The schema of kinds.fbs, and payloads of it.

#pragma once

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <holdfast/payload.hpp>

#include "decoding/binary_schema.hpp"
#include "decoding/json_text.hpp"
#include "decoding/payload_reader.hpp"
#include "kinds_generated.h"
#include "support/temp_dir.hpp"

namespace holdfast::decoding {

using Bytes = std::vector<std::byte>;

inline Bytes bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  return {bytes.begin(), bytes.end()};
}

inline Bytes kinds_bfbs() {
  return bytes_of(test::read_file(HOLDFAST_KINDS_BFBS));
}

inline const BinarySchema& kinds_schema() {
  static const BinarySchema schema = [] {
    Failure failure;
    auto loaded = BinarySchema::load(kinds_bfbs(), failure);
    if (!loaded) throw std::runtime_error(failure.detail);
    return std::move(*loaded);
  }();
  return schema;
}

inline Bytes packed(const kinds::EverythingT& object) {
  const auto buffer = pack<kinds::Everything>(object);
  const auto bytes = as_payload(buffer);
  return {bytes.begin(), bytes.end()};
}

/// All fields set.
inline kinds::EverythingT everything() {
  kinds::EverythingT all;
  all.boolean = true;
  all.i8 = -8;
  all.u8 = 200;
  all.i16 = -16'000;
  all.u16 = 60'000;
  all.i32 = -2'000'000'000;
  all.u32 = 4'000'000'000;
  all.i64 = -9'007'199'254'740'992;
  all.u64 = 18'446'744'073'709'551'615U;
  all.f32 = 0.1F;
  all.f64 = 1e300;
  all.colour = kinds::Colour::red;
  all.maybe = 0;
  all.level = 8;
  all.text = "grün \"x\"\n\x1b";
  const kinds::Point point(-3, 0.5F);
  all.point = std::make_unique<kinds::Point>(point);
  const std::array<std::uint8_t, 4> name{'a', 'b', 0, 255};
  const std::array<std::int16_t, 3> grid{1, -2, 3};
  all.frame = std::make_unique<kinds::Frame>(point, flatbuffers::span<const std::uint8_t, 4>(name),
                                             flatbuffers::span<const std::int16_t, 3>(grid),
                                             kinds::Colour::green);
  all.leaf = std::make_unique<kinds::LeafT>();
  all.leaf->text = "one";
  all.leaf->next = std::make_unique<kinds::LeafT>();
  all.pair = std::make_unique<kinds::PairT>();
  all.pair->left = 5;
  all.bytes = {0, 1, 2, 3};
  all.numbers = {1, -9'223'372'036'854'775'807 - 1};
  all.texts = {"", "b"};
  all.points = {point, point};
  all.leaves.push_back(std::make_unique<kinds::LeafT>());
  all.colours = {kinds::Colour::red, static_cast<kinds::Colour>(9)};
  all.any.type = kinds::Any::Text;
  all.any.value = new std::string("u");  // the union owns it
  kinds::AnyUnion leaf;
  leaf.Set(kinds::LeafT());
  kinds::AnyUnion text;
  text.type = kinds::Any::Text;
  text.value = new std::string("t");
  all.many.push_back(std::move(leaf));
  all.many.push_back(std::move(text));
  return all;
}

struct Read {
  Failure failure;
  std::string json;
};

inline Read read(const Bytes& payload, const BinarySchema& schema = kinds_schema()) {
  JsonText json;
  Failure failure = read_payload(schema, payload, json);
  return {std::move(failure), json.take()};
}

}  // namespace holdfast::decoding
