// The keys that set `Options`: one row each, which the reader, the guide's test and `holdfast
// config keys` share.

#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include <holdfast/options.hpp>

#include "config/entry.hpp"

namespace holdfast::config {

struct Key {
  std::string_view table;  ///< "fallback" is an array of tables
  std::string_view name;
  std::string_view field;  ///< of `Options`, as a `ConfigError` names it
  std::string_view form;
  std::string_view meaning;
  /// `index` is that of an array of tables, and 0 elsewhere.
  void (*set)(Options& options, const Entry& entry, std::size_t index);
};

std::span<const Key> keys();

/// Tables that come several times.
constexpr bool is_repeated(std::string_view table) {
  return table == "fallback";
}

}  // namespace holdfast::config
