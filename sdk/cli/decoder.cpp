#include "decoder.hpp"

#include <iterator>
#include <map>
#include <utility>

#include <CLI/CLI.hpp>

#include <holdfast/limits.hpp>

#include "command.hpp"
#include "decoding/bodies.hpp"
#include "decoding/json_text.hpp"
#include "decoding/payload_reader.hpp"
#include "decoding/table_text.hpp"
#include "files.hpp"

namespace holdfast::cli {
namespace {

using decoding::BinarySchema;
using decoding::JsonText;

constexpr const char* kSeriesName = "holdfast.wire.Series";

BinarySchema load(const std::string& file) {
  const auto bytes = read_file(file, limits::kMaxSchemaBytes);
  Failure failure;
  auto schema = BinarySchema::load(std::as_bytes(std::span(bytes)), failure);
  if (!schema) refuse("--schema cannot be used", file, failure.detail);
  return std::move(*schema);
}

std::string wrong(const BinarySchema& schema, const Failure& failure) {
  if (failure.error == Errc::payload_too_large) {
    return "a payload of " + schema.root().name + " is not printed: " + failure.detail;
  }
  return "a payload has the file identifier of " + schema.root().name +
         " and is damaged: " + failure.detail;
}

std::vector<std::string> columns_to_print(const BinarySchema& schema) {
  auto columns = decoding::columns_of(schema);
  if (columns.empty()) {
    refuse("--csv cannot show " + schema.root().name,
           "it has no columns, or more than " + std::to_string(limits::kMaxColumns),
           "print JSON instead");
  }
  return columns;
}

void append(std::vector<std::string>& to, std::vector<std::string> more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

void add_schema_options(CLI::App& app, DecodeOptions& options) {
  app.add_option("--schema", options.schemas,
                 "a binary schema (flatc --binary --schema makes it) that payloads are printed by; "
                 "repeat it")
      ->allow_extra_args(false)
      ->type_name("FILE.bfbs");
  app.add_flag("--csv", options.csv,
               "print comma-separated values, one row for each payload of one schema");
}

Decoder::Decoder(const DecodeOptions& options, Topics topics)
    : options_(options), topics_(topics), schemas_(decoding::SchemaSet::of_holdfast()) {
  std::map<std::string, std::string> files;  // by identifier
  for (const std::string& file : options_.schemas) {
    BinarySchema schema = load(file);
    if (const auto [other, is_new] = files.emplace(schema.identifier(), file); !is_new) {
      refuse("two --schema have the same file identifier, " + schema.identifier(),
             other->second + " and " + file,
             "a payload cannot tell which of them it has; name one");
    }
    if (options_.csv && files.size() == 1) {
      table_kind_ = schema.identifier();
      table_name_ = schema.root().name;
      columns_ = columns_to_print(schema);
    }
    schemas_.add(std::move(schema));
  }
}

std::string Decoder::opening() {
  if (columns_.empty() || std::exchange(told_columns_, true)) return "";
  std::vector<std::string> titles;
  if (topics_ == Topics::shown) titles.emplace_back("topic");
  append(titles, {"epoch", "sequence", "row"});
  append(titles, columns_);
  return decoding::csv_line(titles);
}

Decoder::Result Decoder::decode(const Message& message) {
  decoding::Bodies bodies;
  if (decoding::open_bodies(message.payload, bodies)) {
    return {.trouble = "a payload has the file identifier of an envelope and is damaged"};
  }
  Result all{.known = true};
  for (std::size_t n = 0; n < bodies.parts.size(); ++n) {
    Place place{.message = message, .origin = bodies.origin, .row = std::nullopt};
    if (bodies.parts.size() > 1) place.row = n;
    Result one = decode_body(place, bodies.parts[n]);
    if (!one.known) return one;
    all.lines += one.lines;
    if (!one.trouble.empty()) all.trouble = std::move(one.trouble);
    if (one.missing_layout) all.missing_layout = one.missing_layout;
  }
  return all;
}

Decoder::Result Decoder::decode_body(const Place& place, std::span<const std::byte> body) {
  if (is_series(body)) return decode_series(place, body);
  const BinarySchema* schema = schemas_.find(decoding::identifier_of(body));
  if (schema == nullptr) return unknown(place, body);
  return options_.csv ? csv_row(place, *schema, body) : json_line(place, *schema, body);
}

// --- What stands before the values --------------------------------------------------------------

std::string Decoder::json_head(const Place& place) const {
  std::string text = "{";
  if (topics_ == Topics::shown) {
    text += "\"topic\":" + decoding::json_string(place.message.topic) +
            ",\"retain\":" + (place.message.retain == Retain::yes ? "true," : "false,");
  }
  if (place.origin) {
    text += "\"epoch\":\"" + std::to_string(place.origin->epoch) +
            "\",\"sequence\":" + std::to_string(place.origin->sequence) + ",";
  }
  if (place.row) text += "\"row\":" + std::to_string(*place.row) + ",";
  return text;
}

std::vector<std::string> Decoder::csv_head(const Place& place) const {
  std::vector<std::string> cells;
  if (topics_ == Topics::shown) cells.push_back(decoding::csv_cell(place.message.topic));
  cells.push_back(place.origin ? std::to_string(place.origin->epoch) : "");
  cells.push_back(place.origin ? std::to_string(place.origin->sequence) : "");
  cells.push_back(place.row ? std::to_string(*place.row) : "");
  return cells;
}

std::string Decoder::as_base64(const Place& place, std::span<const std::byte> body,
                               const std::string& members) const {
  return json_head(place) + members + "\"body_base64\":\"" + decoding::base64_of(body) + "\"}\n";
}

// --- Bodies
// -----------------------------------------------------------------------------------------

Decoder::Result Decoder::json_line(const Place& place, const BinarySchema& schema,
                                   std::span<const std::byte> body) const {
  JsonText json;
  if (const Failure failure = decoding::read_payload(schema, body, json)) {
    return {.trouble = wrong(schema, failure)};
  }
  return {.known = true,
          .lines = json_head(place) + "\"schema\":" + decoding::json_string(schema.root().name) +
                   ",\"body\":" + json.take() + "}\n"};
}

bool Decoder::joins_table(const std::string& kind, const std::string& name,
                          std::vector<std::string> columns, Result& result) {
  if (table_kind_.empty()) {
    table_kind_ = kind;
    table_name_ = name;
    columns_ = std::move(columns);
  }
  if (table_kind_ == kind) return true;
  result = {.known = true,
            .trouble = "payloads of " + name + " are left out of the table, which is of " +
                       table_name_ + "; without --csv both are printed"};
  return false;
}

Decoder::Result Decoder::csv_row(const Place& place, const BinarySchema& schema,
                                 std::span<const std::byte> body) {
  Result result{.known = true};
  if (table_kind_ != schema.identifier() &&
      !joins_table(schema.identifier(), schema.root().name, columns_to_print(schema), result)) {
    return result;
  }
  decoding::CsvRow row(columns_);
  if (const Failure failure = decoding::read_payload(schema, body, row)) {
    return {.trouble = wrong(schema, failure)};
  }
  auto cells = csv_head(place);
  append(cells, row.take());
  result.lines = opening() + decoding::csv_line(cells);
  return result;
}

// Where the layout is missing there is nothing to print but where it came from.
Decoder::Result Decoder::decode_series(Place place, std::span<const std::byte> body) {
  std::error_code error;
  const auto id = SeriesReader::layout_of(body, error);
  if (!id) return {.trouble = "a payload has the file identifier of a series and is damaged"};
  const SeriesLayout* layout = layouts_.find(place.message.topic, *id);
  if (layout == nullptr) {
    const std::string number = std::to_string(*id);
    Result result{.known = true, .missing_layout = id};
    result.trouble = "the layout " + number + " of a series is not known; its description is " +
                     (topics_ == Topics::shown
                          ? "the retained message on the series' topic and /layout"
                          : "what --layout takes, and the retained message on the series' topic "
                            "and /layout");
    if (!options_.csv) {
      result.lines =
          as_base64(place, body,
                    "\"schema\":\"" + std::string(kSeriesName) + "\",\"layout\":" + number + ",");
    }
    return result;
  }
  SeriesReader reader(*layout);
  if (reader.open(body)) {
    return {.trouble = "a payload has the file identifier of a series and is damaged"};
  }
  if (reader.origin()) place.origin = reader.origin();
  Result result{.known = true};
  if (options_.csv &&
      !joins_table("series " + std::to_string(*id), "the series with layout " + std::to_string(*id),
                   column_titles(*layout), result)) {
    return result;
  }
  for (const SeriesRow row : reader) {
    if (reader.size() > 1) place.row = row.index();
    if (options_.csv) {
      auto line = csv_head(place);
      append(line, cells(row, *layout));
      result.lines += opening() + decoding::csv_line(line);
    } else {
      result.lines += json_head(place) + "\"schema\":\"" + kSeriesName + "\"," +
                      json_members(row, *layout) + "}\n";
    }
  }
  return result;
}

// Of an envelope that much is known: where it comes from.
Decoder::Result Decoder::unknown(const Place& place, std::span<const std::byte> body) const {
  const std::string identifier(decoding::identifier_of(body));
  Result result;
  result.trouble = identifier.empty() ? "a payload is no FlatBuffer with a file identifier"
                                      : "no schema has the file identifier " + identifier +
                                            "; name its binary schema with --schema";
  if (place.origin && !options_.csv) {
    result.known = true;
    result.lines = as_base64(place, body, "");
  }
  return result;
}

}  // namespace holdfast::cli
