#include "decoder.hpp"

#include <set>
#include <utility>

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
  std::string first;
  for (const std::string& file : options_.schemas) {
    BinarySchema schema = load(file);
    const std::string identifier = schema.identifier();
    if (const auto [other, is_new] = files.emplace(identifier, file); !is_new) {
      refuse("two --schema have the same file identifier, " + identifier,
             other->second + " and " + file,
             "a payload cannot tell which of them it has; name one");
    }
    if (first.empty()) first = identifier;
    schemas_.add(std::move(schema));
  }
  if (options_.csv && !first.empty()) set_table(*schemas_.find(first));
}

void Decoder::set_table(const BinarySchema& schema) {
  table_ = &schema;
  columns_ = decoding::columns_of(schema);
  if (columns_.empty()) {
    refuse("--csv cannot show " + schema.root().name,
           "it has no columns, or more than " + std::to_string(limits::kMaxColumns),
           "print JSON instead");
  }
}

std::string Decoder::opening() {
  if (table_ == nullptr || std::exchange(told_columns_, true)) return "";
  std::vector<std::string> titles;
  if (topics_ == Topics::shown) titles.emplace_back("topic");
  titles.insert(titles.end(), {"epoch", "sequence", "row"});
  titles.insert(titles.end(), columns_.begin(), columns_.end());
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
    all.trouble = std::move(one.trouble);
  }
  return all;
}

Decoder::Result Decoder::decode_body(const Place& place, std::span<const std::byte> body) {
  const BinarySchema* schema = schemas_.find(decoding::identifier_of(body));
  if (schema == nullptr) return unknown(place, body);
  return options_.csv ? csv_row(place, *schema, body) : json_line(place, *schema, body);
}

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

Decoder::Result Decoder::csv_row(const Place& place, const BinarySchema& schema,
                                 std::span<const std::byte> body) {
  if (table_ == nullptr) set_table(schema);
  if (table_ != &schema) {
    return {.known = true,
            .trouble = "payloads of " + schema.root().name +
                       " are left out of the table, which is of " + table_->root().name +
                       "; without --csv both are printed"};
  }
  decoding::CsvRow row(columns_);
  if (const Failure failure = decoding::read_payload(schema, body, row)) {
    return {.trouble = wrong(schema, failure)};
  }
  std::vector<std::string> cells;
  if (topics_ == Topics::shown) cells.push_back(decoding::csv_cell(place.message.topic));
  cells.push_back(place.origin ? std::to_string(place.origin->epoch) : "");
  cells.push_back(place.origin ? std::to_string(place.origin->sequence) : "");
  cells.push_back(place.row ? std::to_string(*place.row) : "");
  auto values = row.take();
  cells.insert(cells.end(), std::make_move_iterator(values.begin()),
               std::make_move_iterator(values.end()));
  return {.known = true, .lines = opening() + decoding::csv_line(cells)};
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
    result.lines = json_head(place) + "\"body_base64\":\"" + decoding::base64_of(body) + "\"}\n";
  }
  return result;
}

}  // namespace holdfast::cli
