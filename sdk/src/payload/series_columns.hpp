// The columns of a series as one stream of bytes: how many rows, a form for each column, and the
// columns one after the other (docs/formats/series.md). Works on whole numbers and knows no
// channel: what the numbers mean, the layout tells.
//
// Threads: pure; an encoder or a decoded batch belongs to one thread at a time.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <holdfast/limits.hpp>

#include "payload/series_forms.hpp"

namespace holdfast::payload {

/// What the id of a layout says without its description.
std::size_t channels_of_layout(std::uint32_t id) noexcept;
std::int64_t time_unit_of_layout(std::uint32_t id) noexcept;  ///< milliseconds

/// Whether a time in such units is one in milliseconds of 64 bits.
bool is_time(std::int64_t time, std::int64_t unit) noexcept;

/// One column: a value for each row, and which rows have one (empty: all).
struct ColumnView {
  std::span<const std::int64_t> values;
  std::span<const std::uint8_t> present;
};

inline constexpr std::size_t kMaxColumns = limits::kMaxSeriesChannels + 1;

/// Chooses the forms, then writes. The times come first among the columns, and are all present.
class ColumnEncoder {
 public:
  /// The columns must live until `write`. @return how many bytes `write` will write
  std::size_t plan(std::size_t rows, std::span<const ColumnView> columns);
  /// @param out has `kBitSlack` bytes more than were planned
  void write(std::uint8_t* out);

 private:
  struct Column {
    Plan plan;
    bool is_sparse = false;
    bool shares_bitmap = false;  // with the sparse column before
  };

  std::span<const std::int64_t> gather(const ColumnView& column);

  std::size_t rows_ = 0;
  std::span<const ColumnView> columns_;
  std::array<Column, kMaxColumns> chosen_;
  std::vector<std::int64_t> gathered_;
};

enum class ColumnState : std::uint8_t {
  dense,    // a value in each row
  sparse,   // `present` tells
  unknown,  // of a form that a newer release knows
};

/// Decoded columns; decoding another batch reuses the memory.
struct DecodedColumns {
  std::size_t rows = 0;
  std::vector<std::int64_t> values;   // column after column; the times come first
  std::vector<std::uint8_t> present;  // the same; empty where no column is sparse
  std::vector<ColumnState> states;

  std::span<const std::int64_t> column(std::size_t index) const noexcept {
    return std::span(values).subspan(index * rows, rows);
  }
  /// Empty for a dense column.
  std::span<const std::uint8_t> presence(std::size_t index) const noexcept {
    if (states[index] == ColumnState::dense) return {};
    return std::span(present).subspan(index * rows, rows);
  }
  bool is_known() const noexcept;

  std::vector<std::uint8_t> scratch;
};

/// @return false for bytes that are no columns of this layout, then `out` is of no use. Never takes
/// more memory than `limits::kMaxSeriesRows` rows need.
bool decode_columns(std::span<const std::byte> bytes, std::uint32_t layout, DecodedColumns& out);

}  // namespace holdfast::payload
