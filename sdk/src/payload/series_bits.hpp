// The smallest parts of a series' columns: zigzag, varints, and numbers of any count of bits,
// packed from the lowest bit of the first byte upwards.
//
// Arithmetic is that of unsigned 64-bit numbers throughout: sums and differences wrap, and no input
// makes them undefined. Threads: pure functions.

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace holdfast::payload {

static_assert(std::endian::native == std::endian::little, "the columns are little-endian");

/// Bytes that must be readable behind packed bits, and writable while they are written.
inline constexpr std::size_t kBitSlack = 16;

constexpr std::uint64_t zigzag(std::int64_t value) noexcept {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

constexpr std::int64_t unzigzag(std::uint64_t value) noexcept {
  return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

/// a - b and a + b, which may wrap.
constexpr std::int64_t minus(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
constexpr std::int64_t plus(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

constexpr std::size_t varint_bytes(std::uint64_t value) noexcept {
  return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}

constexpr std::size_t bytes_of_bits(std::uint64_t bits) noexcept {
  return static_cast<std::size_t>((bits + 7) / 8);
}

/// Writes into memory that has `kBitSlack` bytes more than what is written.
class BitWriter {
 public:
  explicit BitWriter(std::uint8_t* out) noexcept : out_(out) {}

  /// The lowest `bits` of `value`, 0 to 64; the others must be 0.
  void put(std::uint64_t value, unsigned bits) noexcept {
    if (bits > 32) {
      put_few(value & 0xFFFF'FFFF, 32);
      value >>= 32;
      bits -= 32;
    }
    put_few(value, bits);
  }

  /// Fills the last byte with zeros. @return the first byte behind.
  std::uint8_t* finish() noexcept { return out_ + (filled_ > 0 ? 1 : 0); }

 private:
  void put_few(std::uint64_t value, unsigned bits) noexcept {
    gathered_ |= value << filled_;
    filled_ += bits;
    std::memcpy(out_, &gathered_, sizeof gathered_);
    out_ += filled_ / 8;
    gathered_ >>= filled_ & ~7U;
    filled_ &= 7U;
  }

  std::uint8_t* out_;
  std::uint64_t gathered_ = 0;
  unsigned filled_ = 0;  // bits, below 8 between two calls
};

/// 57 bits or more from bit `at` on, in memory with `kBitSlack` behind it.
inline std::uint64_t bits_at(const std::uint8_t* data, std::uint64_t at) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, data + at / 8, sizeof word);
  return word >> (at % 8);
}

/// `width` bits from bit `at` on, 0 to 64.
inline std::uint64_t bits_at(const std::uint8_t* data, std::uint64_t at, unsigned width) noexcept {
  if (width == 0) return 0;
  const std::uint64_t mask = ~std::uint64_t{0} >> (64 - width);
  std::uint64_t word = bits_at(data, at);
  const auto shift = static_cast<unsigned>(at % 8);
  if (width + shift > 64) word |= std::uint64_t{data[at / 8 + 8]} << (64 - shift);
  return word & mask;
}

/// Reads bytes that may end anywhere.
class Cursor {
 public:
  Cursor(const std::uint8_t* begin, const std::uint8_t* end) noexcept : at_(begin), end_(end) {}

  std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }
  const std::uint8_t* at() const noexcept { return at_; }

  bool skip(std::size_t bytes) noexcept {
    if (bytes > left()) return false;
    at_ += bytes;
    return true;
  }

  bool byte(std::uint8_t& value) noexcept {
    if (at_ == end_) return false;
    value = *at_++;
    return true;
  }

  /// At most 10 bytes; what is beyond 64 bits is refused.
  bool varint(std::uint64_t& value) noexcept {
    value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      std::uint8_t next = 0;
      if (!byte(next)) return false;
      if (shift == 63 && next > 1) return false;
      value |= std::uint64_t{next & 0x7FU} << shift;
      if (next < 0x80) return true;
    }
    return false;
  }

  bool signed_varint(std::int64_t& value) noexcept {
    std::uint64_t bits = 0;
    if (!varint(bits)) return false;
    value = unzigzag(bits);
    return true;
  }

 private:
  const std::uint8_t* at_;
  const std::uint8_t* end_;
};

inline std::uint8_t* put_varint(std::uint8_t* out, std::uint64_t value) noexcept {
  while (value >= 0x80) {
    *out++ = static_cast<std::uint8_t>(value | 0x80);
    value >>= 7;
  }
  *out++ = static_cast<std::uint8_t>(value);
  return out;
}

}  // namespace holdfast::payload
