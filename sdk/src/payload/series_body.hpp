// Series on their way through a device: one push makes a body of one row, the outbox merges what
// waits, and the sender seals what goes out. None of it needs the layout, only its id.
//
// Threads: pure functions, callable from any thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <holdfast/payload.hpp>
#include <holdfast/series.hpp>

#include "base/failure.hpp"
#include "payload/series_columns.hpp"

namespace holdfast::payload {

/// What of a finished series is not in its columns.
struct SeriesFrame {
  Origin origin;  ///< sequence 0: not given yet
  std::uint32_t layout = 0;
  std::uint64_t boot = 0;
};

/// A verified series: the columns point into the bytes, or into `aligned`.
struct OpenSeries {
  SeriesFrame frame;
  std::span<const std::byte> columns;
  std::vector<std::byte> aligned;  ///< used where the bytes lie at an odd place
};

/// Bytes that a finished series of so many bytes of columns has.
std::size_t series_bytes(const SeriesFrame& frame, std::size_t columns) noexcept;

/// A finished series of these columns, the times first.
std::vector<std::byte> write_series(const SeriesFrame& frame, std::size_t rows,
                                    std::span<const ColumnView> columns);

/// @return `malformed_payload`, `foreign_payload`, or an empty code. The columns are not read.
std::error_code open_series(std::span<const std::byte> bytes, OpenSeries& out);

/// One reading as a body without an origin. @param samples in the order of the channels
/// @return nothing, and `failure` set to `invalid_reading` with the channel and the value
std::vector<std::byte> encode_row(const SeriesLayout& layout, const SeriesTime& time,
                                  std::span<const Sample> samples, Failure& failure);

/// Whether these bytes call themselves a series.
bool is_series(std::span<const std::byte> body) noexcept;

struct Merged {
  std::vector<std::byte> body;
  std::size_t count = 0;  ///< how many bodies are in it
};

/// Merges the longest prefix of bodies that have the same layout and the same clock, no sequence
/// number yet, and together at most `max_bytes` and `max_rows` (and `limits::kMaxSeriesRows`). The
/// first is always taken, and unchanged if it stays alone; a damaged one ends the prefix.
/// `bodies` must not be empty.
Merged merge_series(std::span<const std::span<const std::byte>> bodies, std::size_t max_bytes,
                    std::size_t max_rows);

/// Puts the origin in. Where the body's times count from `boot` and it is known when that began
/// (milliseconds since 1970), they become UTC. Any other body stays as it is.
std::vector<std::byte> seal_series(const Origin& origin, std::span<const std::byte> body,
                                   std::uint64_t boot, std::optional<std::int64_t> boot_began_ms);

}  // namespace holdfast::payload
