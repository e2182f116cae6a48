// What a config file and the environment say, as flat names with the place of each: "broker.url",
// "fallback[1].pins". The only file of the room that knows TOML is sources.cpp.

#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "config/entry.hpp"

namespace holdfast::config {

using Environment = std::map<std::string, std::string>;
/// In the order of the names.
using Entries = std::map<std::string, Entry>;

/// "broker.url" to "HOLDFAST_BROKER_URL".
std::string variable_of(std::string_view table, std::string_view key);

/// @throws ConfigError: the file cannot be read, is no TOML, or has what no key can be (a table
/// within a table, a date, a number with a fraction)
Entries read_toml(const std::filesystem::path& file);
/// @param origin what it is called in complaints
Entries parse_toml(std::string_view document, const std::string& origin);

}  // namespace holdfast::config
