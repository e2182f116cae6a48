// One value of a config file or of the environment, with the place it comes from. Each way to read
// it complains in the words of that place.

#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <holdfast/error.hpp>

namespace holdfast::config {

/// What TOML has and a config file needs. From the environment all is text.
using Value = std::variant<std::string, std::int64_t, bool, std::vector<std::string>>;

class Entry {
 public:
  Entry(std::string name, std::string origin, Value value, bool from_environment)
      : name_(std::move(name)),
        origin_(std::move(origin)),
        value_(std::move(value)),
        from_environment_(from_environment) {}

  const std::string& name() const { return name_; }
  const std::string& origin() const { return origin_; }
  /// "FILE:LINE: TABLE.KEY", or the variable.
  std::string place() const { return from_environment_ ? origin_ : origin_ + ": " + name_; }
  /// As a person wrote it.
  std::string written() const;

  std::string text() const;
  /// From the environment: what commas separate.
  std::vector<std::string> texts() const;
  bool flag() const;
  std::int64_t number(std::int64_t least, std::int64_t most) const;
  /// "250ms", "5s", "5min", "2h", "7d", "0".
  std::chrono::milliseconds duration() const;
  std::chrono::seconds seconds() const;
  /// A number of bytes, or text with kB, MB, GB, KiB, MiB or GiB behind it.
  std::uint64_t bytes() const;
  /// The first line of the file that is named.
  std::string secret() const;

  template <class Choice>
  Choice choice(std::initializer_list<std::pair<std::string_view, Choice>> choices) const {
    const std::string word = text();
    std::string words;
    for (const auto& [name, value] : choices) {
      if (name == word) return value;
      words.append(words.empty() ? "" : ", ").append(name);
    }
    refuse("write one of: " + words);
  }

  [[noreturn]] void refuse(std::string_view mend) const;

 private:
  std::string name_;
  std::string origin_;
  Value value_;
  bool from_environment_;
};

}  // namespace holdfast::config
