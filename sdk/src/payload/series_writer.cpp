#include <array>
#include <charconv>
#include <cmath>
#include <string>

#include "payload/series_body.hpp"
#include "payload/series_values.hpp"

namespace holdfast {
namespace {

constexpr double kTwoTo63 = 9'223'372'036'854'775'808.0;

std::string text_of(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

std::string text_of(const Sample& sample) {
  return sample.is_integer() ? std::to_string(sample.integer()) : text_of(sample.real());
}

Failure refuse(const std::string& what, const std::string& value, const char* mend) {
  return {Errc::invalid_reading, what + " = " + value + ": " + mend};
}

bool whole(double value, std::int64_t& number) {
  if (!(value >= -kTwoTo63 && value < kTwoTo63)) return false;  // NaN as well
  number = static_cast<std::int64_t>(value);
  return static_cast<double>(number) == value;
}

// A sample that is there, as the number of a channel; the mend where it has none.
const char* number_of(const ChannelScale& scale, const Sample& sample, std::int64_t& number) {
  switch (scale.kind) {
    case ChannelKind::integer:
      if (sample.is_integer()) {
        number = sample.integer();
        return nullptr;
      }
      return whole(sample.real(), number)
                 ? nullptr
                 : "this channel takes whole numbers of 64 bits; give it a resolution for others";
    case ChannelKind::fixed: {
      const double value = sample.real();
      if (!std::isfinite(value))
        return "a channel with a resolution takes finite numbers; leave the value out where there "
               "is none";
      const double scaled = scale.multiplies ? value * scale.factor : value / scale.factor;
      return whole(std::round(scaled), number)
                 ? nullptr
                 : "too large for the channel's resolution; give it a coarser one, or none";
    }
    case ChannelKind::single: {
      const auto value = static_cast<float>(sample.real());
      number = std::bit_cast<std::int32_t>(value);
      return nullptr;
    }
    case ChannelKind::real:
      number = std::bit_cast<std::int64_t>(sample.real());
      return nullptr;
  }
  return "this release does not know the channel's kind";
}

// The nearest multiple of the unit, the later one of two. False at the very ends of 64 bits.
bool time_number(std::int64_t ms, std::int64_t unit, std::int64_t& number) {
  number = ms / unit;
  std::int64_t rest = ms % unit;
  if (rest < 0) {
    rest += unit;
    --number;
  }
  if (rest * 2 >= unit && unit > 1) ++number;
  return payload::is_time(number, unit);
}

}  // namespace

namespace payload {

Failure to_numbers(const SeriesLayout::Data& layout, const SeriesTime& time,
                   std::span<const Sample> samples, std::span<std::int64_t> values,
                   std::span<std::uint8_t> present) {
  if (samples.size() != layout.channels.size()) {
    return refuse(
        "samples", std::to_string(samples.size()),
        ("the layout has " + std::to_string(layout.channels.size()) + " channels").c_str());
  }
  if (!time_number(time.ms, layout.unit_ms, values[0])) {
    return refuse("time", std::to_string(time.ms) + " ms",
                  "too far from 1970 for the time resolution");
  }
  present[0] = 1;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    values[i + 1] = 0;
    present[i + 1] = samples[i].is_absent() ? 0 : 1;
    if (samples[i].is_absent()) continue;
    if (const char* mend = number_of(layout.scales[i], samples[i], values[i + 1])) {
      return refuse(layout.channels[i].name, text_of(samples[i]), mend);
    }
  }
  return {};
}

}  // namespace payload

SeriesWriter::SeriesWriter(SeriesLayout layout)
    : layout_(std::move(layout)),
      values_(layout_.channels().size() + 1),
      present_(layout_.channels().size() + 1) {}

SeriesRefusal SeriesWriter::add(const SeriesTime& time, std::span<const Sample> samples) {
  if (rows_ == limits::kMaxSeriesRows) {
    return {Errc::too_many, "rows = " + std::to_string(rows_) + ": finish this batch first"};
  }
  if (rows_ > 0 && time.boot != boot_) {
    return {Errc::invalid_reading, "boot = " + std::to_string(time.boot) +
                                       ": this batch has times of " + std::to_string(boot_) +
                                       "; finish it first"};
  }
  std::array<std::int64_t, payload::kMaxColumns> values;
  std::array<std::uint8_t, payload::kMaxColumns> present;
  if (auto failure = payload::to_numbers(layout_.data(), time, samples, values, present)) {
    return {failure.error, std::move(failure.detail)};
  }
  boot_ = time.boot;
  for (std::size_t i = 0; i < values_.size(); ++i) {
    values_[i].push_back(values[i]);
    if (present[i] != 0 && present_[i].empty()) continue;
    present_[i].resize(rows_, 1);
    present_[i].push_back(present[i]);
  }
  ++rows_;
  return {};
}

std::vector<std::byte> SeriesWriter::finish(const Origin& origin) {
  if (rows_ == 0) return {};
  std::array<payload::ColumnView, payload::kMaxColumns> views;
  for (std::size_t i = 0; i < values_.size(); ++i) views[i] = {values_[i], present_[i]};
  auto body = payload::write_series({.origin = origin, .layout = layout_.id(), .boot = boot_},
                                    rows_, std::span(views).first(values_.size()));
  for (auto& column : values_) column.clear();
  for (auto& column : present_) column.clear();
  rows_ = 0;
  return body;
}

}  // namespace holdfast
