#include "payload/series_body.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "payload/series_values.hpp"
#include "series_generated.h"

namespace holdfast::payload {
namespace {

// A finished series has always the same head, so it is written in place and not by a builder: no
// memory for one, no padding behind the columns, and the same bytes with any FlatBuffers release.
// Offsets: 4 root, 4 identifier, then the table's vtable, the table, and the vector of the columns.
constexpr std::array<std::uint8_t, 20> kUtcHead = {16, 0, 0, 0, 'H', 'F', 'S', 'R', 8, 0,
                                                   24, 0, 4, 0, 20,  0,   8,   0,   0, 0};
constexpr std::size_t kUtcHeadAt = 20;  // of the struct SeriesHead
constexpr std::size_t kUtcColumnsAt = 44;

// With a boot, which has to stand at a multiple of 8.
constexpr std::array<std::uint8_t, 24> kBootHead = {20, 0, 0,  0, 'H', 'F', 'S', 'R', 10, 0, 32, 0,
                                                    12, 0, 28, 0, 4,   0,   0,   0,   12, 0, 0,  0};
constexpr std::size_t kBootAt = 24;
constexpr std::size_t kBootHeadAt = 32;
constexpr std::size_t kBootColumnsAt = 56;

constexpr std::size_t kAlignment = 8;

template <class T>
void put(std::uint8_t* at, T value) {
  std::memcpy(at, &value, sizeof value);
}

void put_origin(std::uint8_t* head, const Origin& origin) {
  put(head, origin.epoch);
  put(head + 8, origin.sequence);
}

std::uint8_t* bytes_of(std::vector<std::byte>& bytes) {
  return reinterpret_cast<std::uint8_t*>(bytes.data());
}

void write_head(std::uint8_t* out, const SeriesFrame& frame, std::size_t columns) {
  const bool utc = frame.boot == 0;
  const std::size_t head = utc ? kUtcHeadAt : kBootHeadAt;
  if (utc) {
    std::copy(kUtcHead.begin(), kUtcHead.end(), out);
  } else {
    std::copy(kBootHead.begin(), kBootHead.end(), out);
    put(out + kBootAt, frame.boot);
  }
  put_origin(out + head, frame.origin);
  put(out + head + 12, frame.layout);
  put(out + head + 16, std::uint32_t{4});  // from here to the vector
  put(out + head + 20, static_cast<std::uint32_t>(columns));
}

std::vector<ColumnView> views_of(const DecodedColumns& columns) {
  std::vector<ColumnView> views;
  for (std::size_t i = 0; i < columns.states.size(); ++i) {
    views.push_back({columns.column(i), columns.presence(i)});
  }
  return views;
}

// The times of a boot as UTC; false where that is out of bounds.
bool resolve(std::span<std::int64_t> times, std::int64_t boot_began_ms, std::int64_t unit) {
  const std::int64_t began = boot_began_ms / unit + (boot_began_ms % unit * 2 >= unit ? 1 : 0);
  return std::all_of(times.begin(), times.end(), [began, unit](std::int64_t& time) {
    return !__builtin_add_overflow(time, began, &time) && is_time(time, unit);
  });
}

}  // namespace

std::size_t series_bytes(const SeriesFrame& frame, std::size_t columns) noexcept {
  return columns + (frame.boot == 0 ? kUtcColumnsAt : kBootColumnsAt);
}

std::vector<std::byte> write_series(const SeriesFrame& frame, std::size_t rows,
                                    std::span<const ColumnView> columns) {
  ColumnEncoder encoder;
  const std::size_t planned = encoder.plan(rows, columns);
  const std::size_t size = series_bytes(frame, planned);
  std::vector<std::byte> body(size + kBitSlack);
  write_head(bytes_of(body), frame, planned);
  encoder.write(bytes_of(body) + (size - planned));
  body.resize(size);
  return body;
}

std::error_code open_series(std::span<const std::byte> bytes, OpenSeries& out) {
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % kAlignment != 0) {
    out.aligned.assign(bytes.begin(), bytes.end());
    bytes = out.aligned;
  }
  std::error_code error;
  const auto* series = verify<wire::Series>(bytes, error);
  if (series == nullptr) return error;
  const wire::SeriesHead& head = *series->head();
  out.frame = {.origin = {.epoch = head.epoch_low() | std::uint64_t{head.epoch_high()} << 32,
                          .sequence = head.sequence()},
               .layout = head.layout(),
               .boot = series->boot()};
  out.columns = std::as_bytes(std::span(series->columns()->data(), series->columns()->size()));
  return {};
}

std::vector<std::byte> encode_row(const SeriesLayout& layout, const SeriesTime& time,
                                  std::span<const Sample> samples, Failure& failure) {
  std::array<std::int64_t, kMaxColumns> values;
  std::array<std::uint8_t, kMaxColumns> present;
  failure = to_numbers(layout.data(), time, samples, values, present);
  if (failure) return {};
  const std::size_t count = samples.size() + 1;
  std::array<ColumnView, kMaxColumns> views;
  for (std::size_t i = 0; i < count; ++i) {
    views[i] = {std::span(values).subspan(i, 1), std::span(present).subspan(i, 1)};
  }
  return write_series({.layout = layout.id(), .boot = time.boot}, 1, std::span(views).first(count));
}

bool is_series(std::span<const std::byte> body) noexcept {
  return !detail::check_identifier(body, Schema<wire::Series>::identifier);
}

std::vector<std::byte> seal_series(const Origin& origin, std::span<const std::byte> body,
                                   std::uint64_t boot, std::optional<std::int64_t> boot_began_ms) {
  std::vector<std::byte> sealed(body.begin(), body.end());
  OpenSeries series;
  if (open_series(sealed, series)) return sealed;
  const bool known = boot_began_ms && series.frame.boot != 0 && series.frame.boot == boot;
  DecodedColumns columns;
  if (known && decode_columns(series.columns, series.frame.layout, columns) && columns.is_known() &&
      resolve(std::span(columns.values).first(columns.rows), *boot_began_ms,
              time_unit_of_layout(series.frame.layout))) {
    return write_series({.origin = origin, .layout = series.frame.layout}, columns.rows,
                        views_of(columns));
  }
  const auto* root = flatbuffers::GetRoot<wire::Series>(sealed.data());
  const auto at = reinterpret_cast<const std::byte*>(root->head()) - sealed.data();
  put_origin(bytes_of(sealed) + at, origin);
  return sealed;
}

}  // namespace holdfast::payload
