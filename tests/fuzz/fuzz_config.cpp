// A config file as somebody wrote it: options, or a mistake with its place.

#include <holdfast/error.hpp>

#include "config/keys.hpp"
#include "config/sources.hpp"
#include "fuzz.hpp"

namespace {

using namespace holdfast;

// Each way to read a value takes it, or says what to write instead. Files that it may name are left
// alone.
void read_in_every_way(const config::Entry& entry) {
  for (const config::Key& key : config::keys()) {
    if (key.name.ends_with("_file") && key.name != "ca_file") continue;
    Options options;
    try {
      key.set(options, entry, 0);
    } catch (const ConfigError& error) {
      fuzz::require(error.field() == entry.place(), "a refusal names the place");
      fuzz::require(!error.mend().empty(), "a refusal tells the mend");
    }
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  config::Entries entries;
  try {
    entries = config::parse_toml(fuzz::text_of(data, size), "f.toml");
  } catch (const ConfigError& error) {
    fuzz::require(error.field().starts_with("f.toml") && !error.mend().empty(),
                  "a refusal tells the file and the mend");
    return 0;
  }
  std::size_t looked_at = 0;
  for (const auto& [name, entry] : entries) {
    fuzz::require(name == entry.name() && entry.place().starts_with("f.toml:"),
                  "each value knows its place");
    fuzz::require(!entry.written().empty(), "each value can be shown");
    if (++looked_at <= 8) read_in_every_way(entry);
  }
  return 0;
}
