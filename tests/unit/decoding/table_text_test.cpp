// Do rows fit their columns, whatever is in them?

#include "unit/decoding/kinds.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "decoding/table_text.hpp"

namespace holdfast::decoding {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

class TableText : public testing::Test {
 protected:
  std::string cell(const std::string& column, const kinds::EverythingT& object) {
    CsvRow row(columns_);
    EXPECT_FALSE(read_payload(kinds_schema(), packed(object), row));
    const auto cells = row.take();
    EXPECT_EQ(cells.size(), columns_.size());
    const auto at = std::find(columns_.begin(), columns_.end(), column) - columns_.begin();
    return cells.at(static_cast<std::size_t>(at));
  }

  const std::vector<std::string> columns_ = columns_of(kinds_schema());
};

TEST_F(TableText, NestedFieldsAreFlattenedAndWhatHasNoEndIsOneColumn) {
  EXPECT_THAT(
      columns_,
      ElementsAre("boolean", "i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "f32", "f64",
                  "colour", "maybe", "level", "text", "point.x", "point.y", "frame.origin.x",
                  "frame.origin.y", "frame.name", "frame.grid", "frame.colour", "leaf.text",
                  "leaf.next", "pair.left", "pair.leaf.text", "pair.leaf.next", "bytes", "numbers",
                  "texts", "points", "leaves", "colours", "any_type", "any", "many_type", "many"));
}

TEST_F(TableText, EachValueStandsInItsColumn) {
  const auto all = everything();
  EXPECT_EQ(cell("boolean", all), "true");
  EXPECT_EQ(cell("u64", all), "18446744073709551615");
  EXPECT_EQ(cell("i64", all), "-9007199254740992");
  EXPECT_EQ(cell("f32", all), "0.1");
  EXPECT_EQ(cell("colour", all), "red");
  EXPECT_EQ(cell("point.x", all), "-3");
  EXPECT_EQ(cell("frame.origin.y", all), "0.5");
  EXPECT_EQ(cell("frame.name", all), "YWIA/w==");
  EXPECT_EQ(cell("frame.grid", all), "\"[1,-2,3]\"");
  EXPECT_EQ(cell("frame.colour", all), "green");
  EXPECT_EQ(cell("leaf.text", all), "one");
  EXPECT_EQ(cell("leaf.next", all), "{}");
  EXPECT_EQ(cell("pair.left", all), "5");
  EXPECT_EQ(cell("numbers", all), "\"[1,\"\"-9223372036854775808\"\"]\"");
  EXPECT_EQ(cell("any_type", all), "Text");
  EXPECT_EQ(cell("any", all), "u");
  EXPECT_EQ(cell("many", all), "\"[{},\"\"t\"\"]\"");
}

TEST_F(TableText, AbsentIsAnEmptyCellAndAnEmptyTextIsQuoted) {
  kinds::EverythingT object;
  EXPECT_EQ(cell("text", object), "");
  EXPECT_EQ(cell("maybe", object), "");
  EXPECT_EQ(cell("point.x", object), "");
  EXPECT_EQ(cell("level", object), "7");
  object.leaf = std::make_unique<kinds::LeafT>();
  EXPECT_EQ(cell("leaf.text", object), "");
  flatbuffers::FlatBufferBuilder builder;
  const auto text = builder.CreateString("");
  const auto bytes = builder.CreateVector(std::vector<std::uint8_t>());
  kinds::EverythingBuilder everything(builder);
  everything.add_text(text);
  everything.add_bytes(bytes);
  builder.Finish(everything.Finish(), "KIND");
  CsvRow row(columns_);
  ASSERT_FALSE(read_payload(kinds_schema(),
                            std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize())),
                            row));
  const auto cells = row.take();
  EXPECT_EQ(std::count(cells.begin(), cells.end(), "\"\""), 2);
}

TEST_F(TableText, OneRowLeavesNothingToTheNext) {
  CsvRow row(columns_);
  ASSERT_FALSE(read_payload(kinds_schema(), packed(everything()), row));
  row.take();
  ASSERT_FALSE(read_payload(kinds_schema(), packed({}), row));
  EXPECT_THAT(row.take(), Not(Contains("one")));
  Bytes damaged = packed(everything());
  damaged.resize(damaged.size() - 8);
  EXPECT_TRUE(read_payload(kinds_schema(), damaged, row));
  row.take();
  ASSERT_FALSE(read_payload(kinds_schema(), packed({}), row));
  EXPECT_EQ(row.take()[13], "7");
}

TEST(CsvCell, IsQuotedWhereItMustBe) {
  EXPECT_EQ(csv_cell("plain"), "plain");
  EXPECT_EQ(csv_cell(""), "\"\"");
  EXPECT_EQ(csv_cell("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_cell("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(csv_cell("a\nb"), "\"a\nb\"");
  EXPECT_EQ(csv_cell("a\rb"), "\"a\rb\"");
  EXPECT_EQ(csv_cell(" a"), "\" a\"");
  EXPECT_EQ(csv_cell("grün"), "grün");
}

TEST(CsvCell, SteersNoTerminal) {
  EXPECT_EQ(csv_cell("a\x1b[2J"), "a\xEF\xBF\xBD[2J");
  EXPECT_EQ(csv_cell("\xFF"), "\xEF\xBF\xBD");
  EXPECT_EQ(csv_cell("\xC2\x9B"), "\xEF\xBF\xBD");  // CSI in one character
  EXPECT_EQ(csv_cell(std::string_view("\0", 1)), "\xEF\xBF\xBD");
}

TEST(CsvLine, EndsWithALineFeed) {
  EXPECT_EQ(csv_line({"a", "", "b"}), "a,,b\n");
}

TEST(JsonString, IsAsciiWhateverItIs) {
  EXPECT_EQ(json_string("a\"\\\n\t"), R"("a\"\\\n\t")");
  EXPECT_EQ(json_string("\x7F\x01"), R"("\u007f\u0001")");
  EXPECT_EQ(json_string("é€😀"), R"("\u00e9\u20ac\ud83d\ude00")");
  EXPECT_EQ(json_string("\xC0\x80"), R"("\ufffd\ufffd")") << "too long a form";
  EXPECT_EQ(json_string("\xED\xA0\x80"), R"("\ufffd\ufffd\ufffd")") << "a surrogate";
  EXPECT_EQ(json_string("\xF4\x90\x80\x80"), R"("\ufffd\ufffd\ufffd\ufffd")") << "beyond Unicode";
  EXPECT_EQ(json_string("a\xE2\x82"), R"("a\ufffd\ufffd")") << "cut off";
}

TEST(JsonNumber, IsExactForEveryReader) {
  EXPECT_EQ(json_integer(9'007'199'254'740'992), "9007199254740992");
  EXPECT_EQ(json_integer(9'007'199'254'740'993), "\"9007199254740993\"");
  EXPECT_EQ(json_integer(-9'007'199'254'740'993), "\"-9007199254740993\"");
  EXPECT_EQ(json_natural(9'007'199'254'740'993U), "\"9007199254740993\"");
}

TEST(Base64, HasThePaddingOfTheRfc) {
  const auto of = [](std::string_view text) { return base64_of(bytes_of(text)); };
  EXPECT_EQ(of(""), "");
  EXPECT_EQ(of("f"), "Zg==");
  EXPECT_EQ(of("fo"), "Zm8=");
  EXPECT_EQ(of("foo"), "Zm9v");
  EXPECT_EQ(of("foob"), "Zm9vYg==");
}

}  // namespace
}  // namespace holdfast::decoding
