#include "config/sources.hpp"

#include <cctype>
#include <fstream>
#include <iterator>
#include <utility>

#include <holdfast/limits.hpp>

// Debian's library of it is built with exceptions as well, but need not be there at run time.
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

namespace holdfast::config {
namespace {

class Flattening {
 public:
  explicit Flattening(std::string origin) : origin_(std::move(origin)) {}

  Entries flatten(const toml::table& document) {
    for (const auto& [key, node] : document) {
      const std::string name(key.str());
      if (const auto* table = node.as_table()) {
        take_table(name, *table);
      } else if (const auto* array = node.as_array(); array != nullptr && is_of_tables(*array)) {
        std::size_t index = 0;
        for (const auto& one : *array) {
          take_table(name + '[' + std::to_string(index++) + ']', *one.as_table());
        }
      } else {
        refuse(node, name, "each key stands in a table, for instance url in [broker]");
      }
    }
    return std::move(entries_);
  }

 private:
  static bool is_of_tables(const toml::array& array) {
    return !array.empty() && array.is_homogeneous(toml::node_type::table);
  }

  std::string line_of(const toml::node& node) const {
    return origin_ + ':' + std::to_string(node.source().begin.line);
  }

  [[noreturn]] void refuse(const toml::node& node, const std::string& name,
                           std::string_view mend) const {
    throw ConfigError(line_of(node) + ": " + name, "", mend);
  }

  void take_table(const std::string& name, const toml::table& table) {
    for (const auto& [key, node] : table) {
      const std::string full = name + '.' + std::string(key.str());
      entries_.emplace(full, Entry(full, line_of(node), value_of(full, node), false));
    }
  }

  Value value_of(const std::string& name, const toml::node& node) const {
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* number = node.as_integer()) return number->get();
    if (const auto* flag = node.as_boolean()) return flag->get();
    const auto* array = node.as_array();
    if (array == nullptr) refuse(node, name, "write text, a whole number, true, false or a list");
    std::vector<std::string> list;
    for (const auto& one : *array) {
      if (!one.is_string()) refuse(one, name, "a list has texts only: [\"…\", \"…\"]");
      list.push_back(one.as_string()->get());
    }
    return list;
  }

  std::string origin_;
  Entries entries_;
};

std::string read_whole(const std::filesystem::path& file) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) {
    throw ConfigError("config file", file.string(), "that is a directory; name a TOML file");
  }
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    throw ConfigError("config file", file.string(),
                      "it cannot be read; look at the path and at who may read it");
  }
  std::string document(limits::kMaxConfigBytes + 1, '\0');
  in.read(document.data(), static_cast<std::streamsize>(document.size()));
  document.resize(static_cast<std::size_t>(in.gcount()));
  if (document.size() > limits::kMaxConfigBytes) {
    throw ConfigError(
        "config file", file.string(),
        "more than " + std::to_string(limits::kMaxConfigBytes) + " bytes: is it the right file?");
  }
  return document;
}

}  // namespace

std::string variable_of(std::string_view table, std::string_view key) {
  std::string name = "HOLDFAST_";
  name.append(table).append("_").append(key);
  for (char& letter : name) {
    letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  }
  return name;
}

Entries parse_toml(std::string_view document, const std::string& origin) {
  try {
    return Flattening(origin).flatten(toml::parse(document));
  } catch (const toml::parse_error& error) {
    throw ConfigError(origin + ':' + std::to_string(error.source().begin.line), "",
                      "no TOML: " + std::string(error.description()));
  }
}

Entries read_toml(const std::filesystem::path& file) {
  return parse_toml(read_whole(file), file.string());
}

}  // namespace holdfast::config
