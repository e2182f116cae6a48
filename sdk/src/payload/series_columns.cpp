#include "payload/series_columns.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace holdfast::payload {
namespace {

// Bits of the byte that begins a sparse column.
constexpr unsigned kInnerForm = 0x0F;
constexpr unsigned kSharedBitmap = 0x10;

constexpr std::array<std::int64_t, 8> kTimeUnits = {1,      10,     100,     1'000,
                                                    10'000, 60'000, 600'000, 3'600'000};

std::size_t bytes_of_forms(std::size_t columns) {
  return (columns + 1) / 2;
}

bool is_sparse(const ColumnView& column) {
  return std::find(column.present.begin(), column.present.end(), 0) != column.present.end();
}

std::uint8_t* write_bitmap(std::span<const std::uint8_t> present, std::uint8_t* out) {
  const std::size_t bytes = bytes_of_bits(present.size());
  std::fill_n(out, bytes, std::uint8_t{0});
  for (std::size_t row = 0; row < present.size(); ++row) {
    out[row / 8] = static_cast<std::uint8_t>(out[row / 8] | (present[row] & 1U) << (row % 8));
  }
  return out + bytes;
}

// Decodes one batch into `out`, whose memory has its size already.
class Decoder {
 public:
  Decoder(Cursor cursor, DecodedColumns& out) : cursor_(cursor), out_(out) {}

  bool column(std::size_t index, Form form) {
    const auto values = std::span(out_.values).subspan(index * out_.rows, out_.rows);
    out_.states[index] = ColumnState::dense;
    switch (form) {
      case Form::absent:
        nothing(index, ColumnState::sparse, values);
        return index > 0;
      case Form::sparse:
        return index > 0 && sparse(index, values);
      case Form::extension: {
        std::uint64_t bytes = 0;
        nothing(index, ColumnState::unknown, values);
        return index > 0 && cursor_.varint(bytes) && bytes <= cursor_.left() &&
               cursor_.skip(static_cast<std::size_t>(bytes));
      }
      default:
        return read_form(form, cursor_, values);
    }
  }

 private:
  std::span<std::uint8_t> present(std::size_t index) {
    if (out_.present.empty()) out_.present.resize(out_.values.size());
    return std::span(out_.present).subspan(index * out_.rows, out_.rows);
  }

  void nothing(std::size_t index, ColumnState state, std::span<std::int64_t> values) {
    const auto rows = present(index);
    std::fill(rows.begin(), rows.end(), std::uint8_t{0});
    std::fill(values.begin(), values.end(), 0);
    out_.states[index] = state;
  }

  bool sparse(std::size_t index, std::span<std::int64_t> values) {
    std::uint8_t head = 0;
    if (!cursor_.byte(head) || head > (kInnerForm | kSharedBitmap)) return false;
    if ((head & kSharedBitmap) == 0) {
      bitmap_ = cursor_.at();
      if (!cursor_.skip(bytes_of_bits(out_.rows))) return false;
    }
    if (bitmap_ == nullptr) return false;

    const auto rows = present(index);
    std::size_t count = 0;
    for (std::size_t row = 0; row < rows.size(); ++row) {
      rows[row] = (unsigned{bitmap_[row / 8]} >> (row % 8)) & 1U;
      count += rows[row];
    }
    out_.states[index] = ColumnState::sparse;
    if (!read_form(static_cast<Form>(head & kInnerForm), cursor_, values.first(count)))
      return false;
    // From the end, because no value moves to an earlier row.
    for (std::size_t row = values.size(); row-- > 0;) {
      values[row] = rows[row] != 0 ? values[--count] : 0;
    }
    return true;
  }

  Cursor cursor_;
  DecodedColumns& out_;
  const std::uint8_t* bitmap_ = nullptr;
};

}  // namespace

std::size_t channels_of_layout(std::uint32_t id) noexcept {
  return (id >> 3 & 63U) + 1;
}

std::int64_t time_unit_of_layout(std::uint32_t id) noexcept {
  return kTimeUnits[id & 7U];
}

bool is_time(std::int64_t time, std::int64_t unit) noexcept {
  using Range = std::numeric_limits<std::int64_t>;
  return time >= Range::min() / unit && time <= Range::max() / unit;
}

std::span<const std::int64_t> ColumnEncoder::gather(const ColumnView& column) {
  gathered_.clear();
  for (std::size_t row = 0; row < rows_; ++row) {
    if (column.present[row] != 0) gathered_.push_back(column.values[row]);
  }
  return gathered_;
}

std::size_t ColumnEncoder::plan(std::size_t rows, std::span<const ColumnView> columns) {
  rows_ = rows;
  columns_ = columns;
  chosen_.resize(columns.size());
  std::size_t bytes = varint_bytes(rows) + bytes_of_forms(columns.size());
  std::span<const std::uint8_t> bitmap;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const ColumnView& column = columns[i];
    Column& chosen = chosen_[i];
    chosen = {.is_sparse = is_sparse(column)};
    if (!chosen.is_sparse) {
      chosen.plan = plan_form(column.values);
      bytes += chosen.plan.bytes;
      continue;
    }
    chosen.plan = plan_form(gather(column));
    if (chosen.plan.form == Form::absent) {
      chosen.is_sparse = false;
      continue;
    }
    chosen.shares_bitmap =
        std::equal(bitmap.begin(), bitmap.end(), column.present.begin(), column.present.end());
    bytes += 1 + (chosen.shares_bitmap ? 0 : bytes_of_bits(rows)) + chosen.plan.bytes;
    bitmap = column.present;
  }
  return bytes;
}

void ColumnEncoder::write(std::uint8_t* out) {
  out = put_varint(out, rows_);
  const std::size_t count = columns_.size();
  for (std::size_t i = 0; i < count; i += 2) {
    const auto form = [this, count](std::size_t index) -> unsigned {
      if (index >= count) return 0;
      const Column& chosen = chosen_[index];
      return static_cast<unsigned>(chosen.is_sparse ? Form::sparse : chosen.plan.form);
    };
    *out++ = static_cast<std::uint8_t>(form(i) | form(i + 1) << 4);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const Column& chosen = chosen_[i];
    if (!chosen.is_sparse) {
      out = write_form(chosen.plan, columns_[i].values, out);
      continue;
    }
    *out++ = static_cast<std::uint8_t>(static_cast<unsigned>(chosen.plan.form) |
                                       (chosen.shares_bitmap ? kSharedBitmap : 0));
    if (!chosen.shares_bitmap) out = write_bitmap(columns_[i].present, out);
    out = write_form(chosen.plan, gather(columns_[i]), out);
  }
}

bool DecodedColumns::is_known() const noexcept {
  return std::find(states.begin(), states.end(), ColumnState::unknown) == states.end();
}

bool decode_columns(std::span<const std::byte> bytes, std::uint32_t layout, DecodedColumns& out) {
  const std::size_t columns = channels_of_layout(layout) + 1;
  out.scratch.resize(bytes.size() + kBitSlack);
  if (!bytes.empty()) std::memcpy(out.scratch.data(), bytes.data(), bytes.size());
  std::fill_n(out.scratch.end() - kBitSlack, kBitSlack, std::uint8_t{0});
  Cursor cursor(out.scratch.data(), out.scratch.data() + bytes.size());

  std::uint64_t rows = 0;
  if (!cursor.varint(rows) || rows == 0 || rows > limits::kMaxSeriesRows) return false;
  const std::uint8_t* forms = cursor.at();
  if (!cursor.skip(bytes_of_forms(columns))) return false;

  out.rows = static_cast<std::size_t>(rows);
  out.values.resize(out.rows * columns);
  out.present.clear();
  out.states.resize(columns);
  Decoder decoder(cursor, out);
  for (std::size_t i = 0; i < columns; ++i) {
    if (!decoder.column(i, static_cast<Form>(forms[i / 2] >> (i % 2 * 4) & 0x0F))) return false;
  }
  const auto times = out.column(0);
  return std::all_of(
      times.begin(), times.end(),
      [unit = time_unit_of_layout(layout)](std::int64_t time) { return is_time(time, unit); });
}

}  // namespace holdfast::payload
