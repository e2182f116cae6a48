// The forms that one column of a series can take (docs/formats/series.md), and the choice of the
// smallest. Pure; no allocation.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "payload/series_bits.hpp"

namespace holdfast::payload {

/// The numbers are part of the format.
enum class Form : std::uint8_t {
  absent = 0,         // in all rows
  constant = 1,       // one value
  plain = 2,          // the smallest, and each value's distance from it in few bits
  delta = 3,          // the first, the smallest step, and each step's distance from it
  delta2 = 4,         // the same for the changes of the steps
  golomb_delta = 5,   // the first, and each step as an exponential Golomb code
  golomb_delta2 = 6,  // the same for the changes of the steps
  raw8 = 7,           // two's complement of 1, 2, 4 or 8 bytes
  raw16 = 8,
  raw32 = 9,
  raw64 = 10,
  raw_u8 = 11,  // 1, 2 or 4 bytes without a sign
  raw_u16 = 12,
  raw_u32 = 13,
  sparse = 14,     // a bitmap of the rows that have a value, and another form for those
  extension = 15,  // its length, and bytes of a form that a newer release knows
};

/// What the Golomb forms can hold: codes stay below 57 bits or so, and reading one needs two loads.
inline constexpr unsigned kGolombBits = 40;

/// How a column's values are written.
struct Plan {
  Form form = Form::absent;
  unsigned width = 0;       // bits of each number, or the order of the Golomb code
  std::int64_t first = 0;   // the first value, or the smallest
  std::int64_t second = 0;  // the smallest step, or the first one
  std::int64_t third = 0;   // the smallest change of a step
  std::size_t bytes = 0;    // all that is written, the form itself apart
};

/// The smallest form for these values, which may be none. The more values follow on the same
/// beginning, the more bytes it is, or as many.
Plan plan_form(std::span<const std::int64_t> values) noexcept;

/// Writes exactly `plan.bytes` (and up to `kBitSlack` of rubbish behind). @return the byte behind.
std::uint8_t* write_form(const Plan& plan, std::span<const std::int64_t> values,
                         std::uint8_t* out) noexcept;

/// Reads `values.size()` values of a form; not `absent`, `sparse` or `extension`. The cursor's
/// bytes must have `kBitSlack` readable ones behind them.
bool read_form(Form form, Cursor& cursor, std::span<std::int64_t> values) noexcept;

}  // namespace holdfast::payload
