// Who takes the values of a payload as they are read, one after the other, outermost first.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace holdfast::decoding {

class ValueSink {
 public:
  ValueSink() = default;
  virtual ~ValueSink() = default;
  ValueSink(const ValueSink&) = delete;
  ValueSink& operator=(const ValueSink&) = delete;

  virtual void begin_object() = 0;
  /// Of the member that comes next; it is an identifier.
  virtual void key(std::string_view name) = 0;
  virtual void end_object() = 0;
  virtual void begin_array() = 0;
  virtual void end_array() = 0;

  virtual void boolean(bool value) = 0;
  virtual void integer(std::int64_t value) = 0;
  virtual void natural(std::uint64_t value) = 0;
  virtual void real(float value) = 0;
  virtual void real(double value) = 0;
  /// The name of an enum's value; it is an identifier.
  virtual void symbol(std::string_view name) = 0;
  /// Should be UTF-8, and may be anything.
  virtual void text(std::string_view value) = 0;
  virtual void bytes(std::span<const std::byte> value) = 0;

  /// Whether it takes no more. A payload may be small and what it tells without end, because its
  /// parts may be shared.
  virtual bool full() const = 0;
};

}  // namespace holdfast::decoding
