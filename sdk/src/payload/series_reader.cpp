#include <algorithm>
#include <bit>

#include "payload/series_body.hpp"
#include "payload/series_values.hpp"

namespace holdfast {

namespace payload {

Sample from_number(const ChannelScale& scale, std::int64_t number) noexcept {
  switch (scale.kind) {
    case ChannelKind::integer:
      return Sample(number);
    case ChannelKind::fixed: {
      const auto value = static_cast<double>(number);
      return Sample(scale.multiplies ? value / scale.factor : value * scale.factor);
    }
    case ChannelKind::single:
      return Sample(std::bit_cast<float>(static_cast<std::int32_t>(number)));
    case ChannelKind::real:
      return Sample(std::bit_cast<double>(number));
  }
  return {};
}

}  // namespace payload

SeriesReader::SeriesReader(SeriesLayout layout)
    : layout_(std::move(layout)), columns_(std::make_unique<payload::DecodedColumns>()) {}

SeriesReader::SeriesReader(SeriesReader&&) noexcept = default;
SeriesReader& SeriesReader::operator=(SeriesReader&&) noexcept = default;
SeriesReader::~SeriesReader() = default;

std::error_code SeriesReader::open(std::span<const std::byte> bytes) {
  rows_ = 0;
  origin_.reset();
  boot_ = 0;
  payload::OpenSeries series;
  if (const auto error = payload::open_series(bytes, series)) return error;
  const payload::SeriesFrame& frame = series.frame;
  if (frame.layout != layout_.id()) return Errc::unknown_layout;
  if (!payload::decode_columns(series.columns, frame.layout, *columns_)) {
    return Errc::malformed_payload;
  }
  rows_ = columns_->rows;
  boot_ = frame.boot;
  if (frame.origin.sequence != 0) origin_ = frame.origin;
  const std::int64_t unit = layout_.data().unit_ms;
  for (std::int64_t& time : std::span(columns_->values).first(rows_)) time *= unit;  // bounded
  return {};
}

std::optional<std::uint32_t> SeriesReader::layout_of(std::span<const std::byte> bytes,
                                                     std::error_code& error) {
  payload::OpenSeries series;
  error = payload::open_series(bytes, series);
  if (error) return std::nullopt;
  return series.frame.layout;
}

std::span<const std::int64_t> SeriesReader::times_ms() const noexcept {
  return std::span<const std::int64_t>(columns_->values).first(rows_);
}

Sample SeriesReader::sample(std::size_t row, std::size_t channel) const noexcept {
  const std::size_t at = (channel + 1) * rows_ + row;
  if (columns_->states[channel + 1] != payload::ColumnState::dense && columns_->present[at] == 0) {
    return {};
  }
  return payload::from_number(layout_.data().scales[channel], columns_->values[at]);
}

const Channel& SeriesColumn::channel() const noexcept {
  return reader_->layout().channels()[channel_];
}

bool SeriesColumn::is_known() const noexcept {
  const ChannelKind kind = channel().kind;
  return kind >= ChannelKind::integer && kind <= ChannelKind::real &&
         reader_->columns_->states[channel_ + 1] != payload::ColumnState::unknown;
}

bool SeriesColumn::has_absences() const noexcept {
  const auto present = reader_->columns_->presence(channel_ + 1);
  return std::find(present.begin(), present.end(), 0) != present.end();
}

std::span<const std::int64_t> SeriesColumn::numbers() const noexcept {
  return reader_->columns_->column(channel_ + 1);
}

std::vector<double> SeriesColumn::reals() const {
  std::vector<double> values(size());
  for (std::size_t row = 0; row < values.size(); ++row) values[row] = (*this)[row].real();
  return values;
}

}  // namespace holdfast
