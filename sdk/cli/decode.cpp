// holdfast decode: a payload in a file as JSON, or as comma-separated values.

#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include <holdfast/limits.hpp>

#include "command.hpp"
#include "decoder.hpp"
#include "files.hpp"

namespace holdfast::cli {
namespace {

struct FileOptions {
  DecodeOptions decode;
  std::string file;
  std::string layout;
  bool json = false;
};

int decode_file(const FileOptions& options) {
  Decoder decoder(options.decode, Decoder::Topics::left_out);
  if (!options.layout.empty()) {
    const auto layout = read_file(options.layout, limits::kMaxInboundPacketBytes);
    if (!decoder.learn("", std::as_bytes(std::span(layout)))) {
      refuse("--layout cannot be used", options.layout,
             "it is not the description of a series; that is the retained message on the series' "
             "topic and /layout");
    }
  }
  const auto bytes = read_file(options.file, limits::kMaxInboundPacketBytes);
  const auto payload = std::as_bytes(std::span(bytes));
  Message message;
  message.payload.assign(payload.begin(), payload.end());
  const auto result = decoder.decode(message);
  if (!result.known || result.missing_layout || result.lines.empty()) {
    refuse(options.file, "", result.trouble);
  }
  if (!result.trouble.empty()) note("decode", result.trouble);
  print(decoder.opening() + result.lines);
  return kDone;
}

}  // namespace

void add_decode(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("decode", "print a payload that is in a file");
  const auto options = std::make_shared<FileOptions>();
  command->add_option("file", options->file, "the payload's bytes; - is standard input")
      ->required()
      ->type_name("FILE");
  add_schema_options(*command, options->decode);
  command
      ->add_flag("--json", options->json,
                 "print a JSON object for each body or reading; so it does unless told")
      ->excludes("--csv");
  command
      ->add_option("--layout", options->layout,
                   "the description of a series' channels, as its device publishes it")
      ->type_name("FILE");
  command->callback([options, &action] { action = [options] { return decode_file(*options); }; });
}

}  // namespace holdfast::cli
