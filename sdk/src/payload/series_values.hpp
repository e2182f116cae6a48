// Between what an app says (samples) and what a column holds (whole numbers), by a layout.
//
// Threads: pure functions, callable from any thread.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <holdfast/series.hpp>

#include "base/failure.hpp"

namespace holdfast {

/// What a layout knows of a channel beyond its declaration.
struct ChannelScale {
  ChannelKind kind = ChannelKind::real;
  /// fixed: the number is value * factor where `multiplies`, else value / factor. A resolution of
  /// 1e-7 is no binary fraction, but its inverse is a whole number: so a value comes back as the
  /// `double` that is nearest to the decimal number.
  double factor = 1;
  bool multiplies = false;
};

struct SeriesLayout::Data {
  std::vector<Channel> channels;
  std::vector<ChannelScale> scales;
  std::int64_t unit_ms = 1;
  std::uint32_t id = 0;
};

namespace payload {

/// One reading as numbers: the time first, 0 where a sample is absent. Both outputs have room for
/// `kMaxColumns`. @return `invalid_reading`, with the channel and the value.
Failure to_numbers(const SeriesLayout::Data& layout, const SeriesTime& time,
                   std::span<const Sample> samples, std::span<std::int64_t> values,
                   std::span<std::uint8_t> present);

/// The value that a number stands for; absent for a kind that is not known here.
Sample from_number(const ChannelScale& scale, std::int64_t number) noexcept;

}  // namespace payload
}  // namespace holdfast
