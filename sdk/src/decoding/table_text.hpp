// Rows of comma-separated values (RFC 4180, with a plain line feed at the end of a line): the
// columns of a schema, and a payload as a row of them.
//
// - Tables and structs in a table are flattened, with a dot between the names: "memory.used".
// - Vectors, arrays, unions, and tables within themselves are one column, with JSON in it
//   (json_text.hpp); bytes are base64.
// - What is absent is an empty cell; a text without a character is "".
// - Numbers have all their digits.
// - Control characters other than tab and line ends, and what is not UTF-8, become U+FFFD.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/limits.hpp>

#include "decoding/binary_schema.hpp"
#include "decoding/json_text.hpp"
#include "decoding/value_sink.hpp"

namespace holdfast::decoding {

/// Of the root table, in the order of its declaration.
/// @return empty for a schema with more than `limits::kMaxColumns`
std::vector<std::string> columns_of(const BinarySchema& schema);

/// A text as a cell.
std::string csv_cell(std::string_view text);
/// Cells as a line.
std::string csv_line(const std::vector<std::string>& cells);

/// Takes one payload after the other.
class CsvRow : public ValueSink {
 public:
  /// @param columns must outlive it
  explicit CsvRow(const std::vector<std::string>& columns,
                  std::size_t most = limits::kMaxDecodedBytes);

  /// The cells of what came since the last call, ready for `csv_line`.
  std::vector<std::string> take();

  void begin_object() override;
  void key(std::string_view name) override;
  void end_object() override;
  void begin_array() override;
  void end_array() override;
  void boolean(bool value) override;
  void integer(std::int64_t value) override;
  void natural(std::uint64_t value) override;
  void real(float value) override;
  void real(double value) override;
  void symbol(std::string_view name) override;
  void text(std::string_view value) override;
  void bytes(std::span<const std::byte> value) override;
  bool full() const override;

 private:
  bool inside_json() const { return json_depth_ > 0; }
  bool opens_column() const;
  void open_json();
  void close_json();
  void put(std::string cell);
  void leave();

  const std::size_t most_;
  std::map<std::string, std::size_t, std::less<>> places_;
  std::vector<std::string> cells_;
  std::size_t size_ = 0;
  std::string path_;                   // of the value that comes next
  std::vector<std::size_t> prefixes_;  // lengths of the paths of the objects that are open
  JsonText json_;                      // of the one that is being written
  std::size_t json_depth_ = 0;
};

}  // namespace holdfast::decoding
