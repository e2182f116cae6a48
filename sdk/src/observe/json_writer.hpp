// JSON (RFC 8259) on one line, valid whatever the texts are, and ASCII, so that none of them can
// steer a terminal: a text that is not UTF-8 gets U+FFFD for each byte that belongs to no
// character.

#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace holdfast::observe {

class JsonWriter {
 public:
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  /// What follows is its value.
  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(bool flag) { return put(flag ? "true" : "false"); }
  template <std::integral Number>
  JsonWriter& value(Number number) {
    return put(std::to_string(number));
  }
  JsonWriter& null() { return put("null"); }

  template <class Value>
  JsonWriter& member(std::string_view name, const Value& what) {
    return key(name).value(what);
  }
  /// Empty: null.
  template <class Value>
  JsonWriter& member(std::string_view name, const std::optional<Value>& what) {
    key(name);
    return what ? value(*what) : null();
  }

  /// What came since the last call.
  std::string take() {
    first_ = true;
    return std::exchange(text_, {});
  }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  JsonWriter& put(std::string_view token);
  void separate();
  void quote(std::string_view text);

  std::string text_;
  bool first_ = true;  // nothing stands before, on this level
};

}  // namespace holdfast::observe
