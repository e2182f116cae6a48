// Payloads as lines of JSON or of comma-separated values, by their binary schemas: what `sub` and
// `decode` print.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <holdfast/message.hpp>
#include <holdfast/payload.hpp>

#include "decoding/schema_set.hpp"
#include "series_rows.hpp"

namespace CLI {
class App;
}

namespace holdfast::cli {

struct DecodeOptions {
  std::vector<std::string> schemas;  ///< files, .bfbs
  bool csv = false;
};

void add_schema_options(CLI::App& app, DecodeOptions& options);

/// Threads: one at a time.
class Decoder {
 public:
  enum class Topics { shown, left_out };

  /// @throws CommandError for a schema that cannot be used
  Decoder(const DecodeOptions& options, Topics topics);

  /// The line of titles, where the columns are known before the first payload; else empty.
  std::string opening();

  struct Result {
    bool known = false;  ///< its schema is known: it is in `lines`, or left out of a table
    std::string lines;
    std::string trouble;  ///< what a person should know: why it is not known, or is left out
    /// A series whose layout is not known yet; `lines` has it in base64.
    std::optional<std::uint32_t> missing_layout;
  };
  /// Each body of the payload, and each reading of a series, is a line.
  Result decode(const Message& message);

  /// The layout of the series that come on `topic`. @return false: the payload is none
  bool learn(const std::string& topic, std::span<const std::byte> description) {
    return layouts_.learn(topic, description);
  }

  bool makes_table() const { return options_.csv; }

 private:
  struct Place {  // of a body
    const Message& message;
    std::optional<Origin> origin;
    std::optional<std::size_t> row;  // where there are several
  };

  Result decode_body(const Place& place, std::span<const std::byte> body);
  Result json_line(const Place& place, const decoding::BinarySchema& schema,
                   std::span<const std::byte> body) const;
  Result csv_row(const Place& place, const decoding::BinarySchema& schema,
                 std::span<const std::byte> body);
  Result decode_series(Place place, std::span<const std::byte> body);
  Result unknown(const Place& place, std::span<const std::byte> body) const;

  std::string json_head(const Place& place) const;
  std::vector<std::string> csv_head(const Place& place) const;
  std::string as_base64(const Place& place, std::span<const std::byte> body,
                        const std::string& members) const;
  /// Whether rows of this kind belong to the table; the first kind makes it.
  bool joins_table(const std::string& kind, const std::string& name,
                   std::vector<std::string> columns, Result& result);

  const DecodeOptions options_;
  const Topics topics_;
  decoding::SchemaSet schemas_;
  SeriesLayouts layouts_;
  std::string table_kind_;  // what the rows of the table are; empty: nothing came so far
  std::string table_name_;
  std::vector<std::string> columns_;
  bool told_columns_ = false;
};

}  // namespace holdfast::cli
