#include "series_rows.hpp"

#include <cmath>
#include <cstdint>

#include "decoding/json_text.hpp"
#include "decoding/schema_set.hpp"
#include "decoding/table_text.hpp"
#include "series_generated.h"
#include "series_layout_generated.h"

namespace holdfast::cli {
namespace {

// A device has a few streams; what floods this with declarations is no device.
constexpr std::size_t kLayouts = 1'000;

std::string digits(const Sample& sample, const Channel& channel) {
  if (channel.kind == ChannelKind::single) {
    return decoding::digits_of(static_cast<float>(sample.real()));
  }
  return decoding::digits_of(sample.real());
}

std::string json_value(const Sample& sample, const Channel& channel) {
  if (sample.is_integer()) return decoding::json_integer(sample.integer());
  const std::string text = digits(sample, channel);
  return std::isfinite(sample.real()) ? text : '"' + text + '"';
}

}  // namespace

bool SeriesLayouts::learn(const std::string& topic, std::span<const std::byte> description) {
  std::error_code error;
  auto layout = SeriesLayout::from_description(description, error);
  if (!layout) return false;
  if (layouts_.size() >= kLayouts) layouts_.erase(layouts_.begin());
  layouts_.insert_or_assign({topic, layout->id()}, *layout);
  return true;
}

const SeriesLayout* SeriesLayouts::find(const std::string& topic, std::uint32_t id) const {
  if (const auto found = layouts_.find({topic, id}); found != layouts_.end()) {
    return &found->second;
  }
  for (const auto& [key, layout] : layouts_) {
    if (key.second == id) return &layout;
  }
  return nullptr;
}

bool is_series(std::span<const std::byte> payload) {
  return decoding::identifier_of(payload) == Schema<wire::Series>::identifier;
}

bool is_series_layout(std::span<const std::byte> payload) {
  return decoding::identifier_of(payload) == Schema<wire::SeriesLayout>::identifier;
}

std::string json_members(const SeriesRow& row, const SeriesLayout& layout) {
  const SeriesTime time = row.time();
  std::string text = "\"time_ms\":" + decoding::json_integer(time.ms);
  if (time.boot != 0) text += ",\"boot\":\"" + std::to_string(time.boot) + "\"";
  text += ",\"body\":{";
  bool first = true;
  for (std::size_t n = 0; n < row.size(); ++n) {
    const Sample sample = row[n];
    if (sample.is_absent()) continue;
    const Channel& channel = layout.channels()[n];
    if (!first) text += ',';
    first = false;
    text += decoding::json_string(channel.name) + ":" + json_value(sample, channel);
  }
  return text + "}";
}

std::vector<std::string> column_titles(const SeriesLayout& layout) {
  std::vector<std::string> titles{"time_ms", "boot"};
  for (const Channel& channel : layout.channels()) {
    titles.push_back(decoding::csv_cell(channel.name));
  }
  return titles;
}

std::vector<std::string> cells(const SeriesRow& row, const SeriesLayout& layout) {
  const SeriesTime time = row.time();
  std::vector<std::string> all{std::to_string(time.ms),
                               time.boot == 0 ? "" : std::to_string(time.boot)};
  for (std::size_t n = 0; n < row.size(); ++n) {
    const Sample sample = row[n];
    if (sample.is_absent()) {
      all.emplace_back();
    } else if (sample.is_integer()) {
      all.push_back(std::to_string(sample.integer()));
    } else {
      all.push_back(digits(sample, layout.channels()[n]));
    }
  }
  return all;
}

}  // namespace holdfast::cli
