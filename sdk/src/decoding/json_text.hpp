// JSON (RFC 8259) on one line, valid whatever the values are, and ASCII, so that no text in it can
// steer a terminal.
//
// - A text that is not UTF-8 gets U+FFFD for each byte that belongs to no character.
// - Integers beyond 2^53 either way are strings of their digits, because most readers would round
//   the number (RFC 7493 section 2.2).
// - What JSON has no numbers for is "NaN", "Infinity" or "-Infinity".
// - Bytes are base64 (RFC 4648 section 4).

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <holdfast/limits.hpp>

#include "decoding/value_sink.hpp"

namespace holdfast::decoding {

std::string base64_of(std::span<const std::byte> bytes);
/// With its quotes.
std::string json_string(std::string_view text);
/// A number, or a string of its digits.
std::string json_integer(std::int64_t value);
std::string json_natural(std::uint64_t value);
/// Bytes of the UTF-8 character at the front (RFC 3629); 0 if there is none.
std::size_t utf8_length(std::string_view text);
/// "1.5", "NaN", "Infinity", "-Infinity": the shortest text that is read back as the same value.
std::string digits_of(double value);
std::string digits_of(float value);

class JsonText : public ValueSink {
 public:
  explicit JsonText(std::size_t most = limits::kMaxDecodedBytes) : most_(most) {}

  /// What came since the last call.
  std::string take() {
    first_ = true;
    return std::exchange(text_, {});
  }

  void begin_object() override { open('{'); }
  void key(std::string_view name) override;
  void end_object() override { close('}'); }
  void begin_array() override { open('['); }
  void end_array() override { close(']'); }

  void boolean(bool value) override { put(value ? "true" : "false"); }
  void integer(std::int64_t value) override { put(json_integer(value)); }
  void natural(std::uint64_t value) override { put(json_natural(value)); }
  void real(float value) override { put_real(digits_of(value)); }
  void real(double value) override { put_real(digits_of(value)); }
  void symbol(std::string_view name) override { text(name); }
  void text(std::string_view value) override;
  void bytes(std::span<const std::byte> value) override;

  bool full() const override { return text_.size() > most_; }

 private:
  void separate();
  void open(char bracket);
  void close(char bracket);
  void put(std::string_view value);
  void put_real(const std::string& digits);

  const std::size_t most_;
  std::string text_;
  bool first_ = true;  // nothing stands before, on this level
};

}  // namespace holdfast::decoding
