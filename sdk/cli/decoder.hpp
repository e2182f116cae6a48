// Payloads as lines of JSON or of comma-separated values, by their binary schemas: what `sub` and
// `decode` print.

#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include <holdfast/message.hpp>
#include <holdfast/payload.hpp>

#include "decoding/schema_set.hpp"

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
    bool known = false;  ///< the payload has a schema and was printed, or is left out of a table
    std::string lines;
    std::string trouble;  ///< what a person should know: why it is not known, or is left out
  };
  /// Each body of the payload is a line.
  Result decode(const Message& message);

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
  Result unknown(const Place& place, std::span<const std::byte> body) const;
  std::string json_head(const Place& place) const;
  void set_table(const decoding::BinarySchema& schema);

  const DecodeOptions options_;
  const Topics topics_;
  decoding::SchemaSet schemas_;
  const decoding::BinarySchema* table_ = nullptr;  // whose columns are printed
  std::vector<std::string> columns_;
  bool told_columns_ = false;
};

}  // namespace holdfast::cli
