// Is every payload read as what it is, and is every damage noticed?

#include "unit/decoding/kinds.hpp"

#include "decoding/schema_set.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>

namespace holdfast::decoding {
namespace {

using testing::HasSubstr;
using Json = nlohmann::json;

TEST(PayloadReader, TellsEveryKindOfField) {
  const Read all = read(packed(everything()));
  ASSERT_FALSE(all.failure) << all.failure.detail;
  EXPECT_EQ(
      all.json,
      R"({"boolean":true,"i8":-8,"u8":200,"i16":-16000,"u16":60000,"i32":-2000000000,)"
      R"("u32":4000000000,"i64":-9007199254740992,"u64":"18446744073709551615","f32":0.1,)"
      R"("f64":1e+300,"colour":"red","maybe":0,"level":8,"text":"gr\u00fcn \"x\"\n\u001b",)"
      R"("point":{"x":-3,"y":0.5},"frame":{"origin":{"x":-3,"y":0.5},"name":"YWIA/w==",)"
      R"("grid":[1,-2,3],"colour":"green"},"leaf":{"text":"one","next":{}},"pair":{"left":5},)"
      R"("bytes":"AAECAw==","numbers":[1,"-9223372036854775808"],"texts":["","b"],)"
      R"("points":[{"x":-3,"y":0.5},{"x":-3,"y":0.5}],"leaves":[{}],"colours":["red",9],)"
      R"("any_type":"Text","any":"u","many_type":["Leaf","Text"],)"
      R"("many":[{},"t"]})");
}

TEST(PayloadReader, FillsInDefaultsAndLeavesOutWhatIsAbsent) {
  EXPECT_EQ(read(packed({})).json,
            R"({"boolean":false,"i8":0,"u8":0,"i16":0,"u16":0,"i32":0,"u32":0,"i64":0,"u64":0,)"
            R"("f32":0,"f64":0,"colour":"green","level":7,"any_type":"NONE"})");
}

TEST(PayloadReader, WhatJsonHasNoNumbersForIsText) {
  kinds::EverythingT object;
  object.f32 = -std::numeric_limits<float>::infinity();
  object.f64 = std::nan("");
  const Json json = Json::parse(read(packed(object)).json);
  EXPECT_EQ(json["f32"], "-Infinity");
  EXPECT_EQ(json["f64"], "NaN");
}

TEST(PayloadReader, AnotherIdentifierIsForeign) {
  Bytes payload = packed({});
  payload[4] = std::byte{'X'};
  EXPECT_EQ(read(payload).failure.error, Errc::foreign_payload);
  EXPECT_EQ(read(Bytes(7)).failure.error, Errc::malformed_payload);
}

// A vtable may stand at the very end, or a cut fall behind the last byte that is used; so the cuts
// are compared with what the generated verifier says.
TEST(PayloadReader, EveryCutIsNoticed) {
  const Bytes payload = packed(everything());
  for (std::size_t size = 0; size < payload.size(); ++size) {
    const Bytes cut(payload.begin(), payload.begin() + static_cast<std::ptrdiff_t>(size));
    std::error_code error;
    if (verify<kinds::Everything>(cut, error) != nullptr) continue;
    EXPECT_TRUE(read(cut).failure) << size;
  }
  EXPECT_TRUE(read(Bytes(payload.begin(), payload.end() - 8)).failure);
}

TEST(PayloadReader, ChangedBytesAreReadAsTheVerifierWouldHaveThem) {
  const Bytes payload = packed(everything());
  std::size_t accepted = 0;
  std::size_t refused = 0;
  for (std::size_t at = 0; at < payload.size(); ++at) {
    for (const unsigned flip : {0x01U, 0x04U, 0x80U, 0xFFU}) {
      Bytes changed = payload;
      changed[at] ^= static_cast<std::byte>(flip);
      const Read result = read(changed);
      std::error_code error;
      if (verify<kinds::Everything>(changed, error) != nullptr) {
        EXPECT_FALSE(result.failure) << at << " " << flip << ": " << result.failure.detail;
        ++accepted;
      }
      if (result.failure) {
        ++refused;
      } else {
        EXPECT_TRUE(Json::accept(result.json)) << result.json;
      }
    }
  }
  EXPECT_GT(accepted, 100U);
  EXPECT_GT(refused, 100U);
}

TEST(PayloadReader, TablesAreNestedToTheLimitAndNoDeeper) {
  const auto nested = [](unsigned depth) {
    kinds::EverythingT root;
    auto* leaf = &root.leaf;
    for (unsigned n = 1; n < depth; ++n) {
      *leaf = std::make_unique<kinds::LeafT>();
      leaf = &(*leaf)->next;
    }
    return packed(root);
  };
  EXPECT_FALSE(read(nested(limits::kMaxFlatbufferDepth)).failure);
  const Read deeper = read(nested(limits::kMaxFlatbufferDepth + 1));
  EXPECT_EQ(deeper.failure.error, Errc::malformed_payload);
  EXPECT_THAT(deeper.failure.detail, HasSubstr("nested too deep"));
}

// One leaf that a vector names again and again.
Bytes shared(std::size_t times, std::size_t text_bytes) {
  flatbuffers::FlatBufferBuilder builder;
  const auto text = builder.CreateString(std::string(text_bytes, 'x'));
  const auto leaf = kinds::CreateLeaf(builder, text);
  const auto leaves = builder.CreateVector(std::vector(times, leaf));
  kinds::EverythingBuilder everything(builder);
  everything.add_leaves(leaves);
  builder.Finish(everything.Finish(), "KIND");
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  return {bytes.begin(), bytes.end()};
}

TEST(PayloadReader, TablesAreCountedAsOftenAsTheyAreRead) {
  EXPECT_FALSE(read(shared(limits::kMaxFlatbufferTables - 1, 1)).failure);
  EXPECT_THAT(read(shared(limits::kMaxFlatbufferTables, 1)).failure.detail,
              HasSubstr("too many tables"));
}

TEST(PayloadReader, ASmallPayloadThatTellsWithoutEndIsStopped) {
  const Bytes payload = shared(5'000, 100'000);  // half a gigabyte as text
  ASSERT_LT(payload.size(), limits::kMaxPayloadBytes);
  const Read result = read(payload);
  EXPECT_EQ(result.failure.error, Errc::payload_too_large);
  EXPECT_LT(result.json.size(), 2 * limits::kMaxDecodedBytes);
}

TEST(PayloadReader, ARequiredFieldThatIsMissingIsDamage) {
  const SchemaSet own = SchemaSet::of_holdfast();
  const BinarySchema* series = own.find("HFSR");
  ASSERT_NE(series, nullptr);
  flatbuffers::FlatBufferBuilder builder;
  const auto empty = builder.EndTable(builder.StartTable());
  builder.Finish(flatbuffers::Offset<void>(empty), "HFSR");
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  const Read result = read(Bytes(bytes.begin(), bytes.end()), *series);
  EXPECT_EQ(result.failure.error, Errc::malformed_payload);
  EXPECT_THAT(result.failure.detail, HasSubstr("required head is missing"));
}

}  // namespace
}  // namespace holdfast::decoding
