// Is a schema believed only where it cannot lead a reader astray?

#include "unit/decoding/kinds.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "bfbs_generated.h"
#include "decoding/schema_set.hpp"

namespace holdfast::decoding {
namespace {

using testing::HasSubstr;

// Of FlatBuffers' reflection.fbs.
constexpr std::int8_t kUByte = 4;
constexpr std::int8_t kString = 13;
constexpr std::int8_t kVector = 14;

std::string refusal(const Bytes& bytes) {
  Failure failure;
  return BinarySchema::load(bytes, failure) ? "" : failure.detail;
}

// The schema with one thing changed, in its object form.
template <class Change>
std::string refusal_of(Change change) {
  const Bytes bytes = kinds_bfbs();
  bfbs::SchemaT schema;
  bfbs::GetSchema(bytes.data())->UnPackTo(&schema);
  change(schema);
  const auto buffer = pack<bfbs::Schema>(schema);
  const auto packed = as_payload(buffer);
  return refusal({packed.begin(), packed.end()});
}

bfbs::ObjectT& object(bfbs::SchemaT& schema, const std::string& name) {
  for (auto& candidate : schema.objects) {
    if (candidate->name == "kinds." + name) return *candidate;
  }
  throw std::runtime_error(name);
}

bfbs::FieldT& field(bfbs::SchemaT& schema, const std::string& of, const std::string& name) {
  for (auto& candidate : object(schema, of).fields) {
    if (candidate->name == name) return *candidate;
  }
  throw std::runtime_error(name);
}

TEST(BinarySchema, KnowsRootAndIdentifier) {
  EXPECT_EQ(kinds_schema().identifier(), "KIND");
  EXPECT_EQ(kinds_schema().root().name, "kinds.Everything");
  EXPECT_EQ(kinds_schema().root().fields.front().name, "boolean");
  EXPECT_EQ(refusal_of([](auto&) {}), "");
}

TEST(BinarySchema, WithoutRootOrIdentifierItIsOfNoUse) {
  EXPECT_THAT(refusal_of([](auto& schema) { schema.root_table.reset(); }),
              HasSubstr("no root_type"));
  EXPECT_THAT(refusal_of([](auto& schema) { schema.file_ident.clear(); }),
              HasSubstr("no file_identifier"));
  EXPECT_THAT(refusal(bytes_of("table Reading {}")), HasSubstr("flatc --binary --schema"));
  EXPECT_THAT(refusal({}), HasSubstr("no binary schema"));
}

TEST(BinarySchema, WhatPointsOutOfItIsRefused) {
  EXPECT_THAT(refusal_of([](auto& s) { field(s, "Everything", "leaf").type->index = 1'000; }),
              HasSubstr("kinds.Everything.leaf cannot be"));
  EXPECT_THAT(refusal_of([](auto& s) { field(s, "Everything", "colour").type->index = 77; }),
              HasSubstr("kinds.Everything.colour"));
  EXPECT_THAT(refusal_of([](auto& s) { field(s, "Frame", "grid").offset = 4'000; }),
              HasSubstr("kinds.Frame.grid"));
  EXPECT_THAT(refusal_of([](auto& s) { field(s, "Frame", "grid").type->fixed_length = 60'000; }),
              HasSubstr("kinds.Frame.grid"));
  EXPECT_THAT(refusal_of([](auto& s) { field(s, "Everything", "i8").offset = 5; }),
              HasSubstr("kinds.Everything.i8"));
  EXPECT_THAT(refusal_of([](auto& s) { object(s, "Frame").bytesize = -1; }), HasSubstr("size"));
  EXPECT_THAT(refusal_of([](auto& s) { object(s, "Frame").minalign = 3; }), HasSubstr("size"));
}

TEST(BinarySchema, WhatIsNoTypeIsRefused) {
  EXPECT_THAT(refusal_of([](auto& s) { field(s, "Everything", "i8").type->base_type = 99; }),
              HasSubstr("kinds.Everything.i8"));
  EXPECT_THAT(refusal_of([](auto& s) { field(s, "Point", "x").type->base_type = kString; }),
              HasSubstr("kinds.Point.x"));
  EXPECT_THAT(refusal_of([](auto& s) { field(s, "Everything", "many").type->element = kVector; }),
              HasSubstr("kinds.Everything.many"));
  EXPECT_THAT(refusal_of([](auto& s) {
                field(s, "Everything", "any_type").name = "other";
                field(s, "Everything", "other").type->base_type = kUByte;
              }),
              HasSubstr("kinds.Everything.any"));
}

TEST(BinarySchema, AStructWithinItselfIsRefused) {
  EXPECT_THAT(refusal_of([](auto& schema) {
                // As large as itself, at its own beginning.
                auto& origin = field(schema, "Frame", "origin");
                origin.offset = 0;
                for (std::size_t n = 0; n < schema.objects.size(); ++n) {
                  if (schema.objects[n]->name == "kinds.Frame") {
                    origin.type->index = static_cast<std::int32_t>(n);
                  }
                }
              }),
              HasSubstr("nested too deep"));
}

TEST(BinarySchema, NamesThatWouldBreakJsonAreRefused) {
  EXPECT_THAT(refusal_of([](auto& s) { field(s, "Everything", "i8").name = "a\":1"; }),
              HasSubstr("without a name"));
  EXPECT_THAT(refusal_of([](auto& s) { field(s, "Everything", "i8").name = "u8"; }),
              HasSubstr("name of its own"));
  EXPECT_THAT(refusal_of([](auto& s) { s.enums[0]->values[0]->name = "\""; }),
              HasSubstr("without a proper name"));
}

// Whatever a damaged schema still says, what is printed by it is JSON.
TEST(BinarySchema, AChangedSchemaIsRefusedOrHarmless) {
  const Bytes bfbs = kinds_bfbs();
  const Bytes payload = packed(everything());
  std::size_t harmless = 0;
  std::size_t refused = 0;
  for (std::size_t at = 0; at < bfbs.size(); ++at) {
    for (const unsigned flip : {0x01U, 0xFFU}) {
      Bytes changed = bfbs;
      changed[at] ^= static_cast<std::byte>(flip);
      Failure failure;
      const auto schema = BinarySchema::load(changed, failure);
      if (!schema) {
        ++refused;
        continue;
      }
      ++harmless;
      const Read result = read(payload, *schema);
      if (!result.failure) {
        EXPECT_TRUE(nlohmann::json::accept(result.json)) << result.json;
      }
    }
  }
  EXPECT_GT(harmless, 100U);
  EXPECT_GT(refused, 100U);
  for (std::size_t size = 0; size < bfbs.size(); size += 7) {
    EXPECT_NE(refusal({bfbs.begin(), bfbs.begin() + static_cast<std::ptrdiff_t>(size)}), "");
  }
}

TEST(SchemaSet, HasTheSchemasOfTheSdk) {
  const SchemaSet own = SchemaSet::of_holdfast();
  for (const char* identifier : {"HFEN", "HFPS", "HFPR", "HFSR", "HFSL", "HFTS", "HFTK", "HFLG"}) {
    EXPECT_NE(own.find(identifier), nullptr) << identifier;
  }
  EXPECT_EQ(own.find("KIND"), nullptr);
  EXPECT_EQ(own.find(""), nullptr);
}

TEST(SchemaSet, FindsAnIdentifierWhereOneStands) {
  EXPECT_EQ(identifier_of(packed({})), "KIND");
  EXPECT_EQ(identifier_of(bytes_of("short")), "");
  EXPECT_EQ(identifier_of(bytes_of("text with spaces")), "");
  EXPECT_EQ(identifier_of(bytes_of(std::string_view("\0\0\0\0\1\2\3\4", 8))), "");
}

}  // namespace
}  // namespace holdfast::decoding
