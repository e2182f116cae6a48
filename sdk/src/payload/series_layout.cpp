#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>

#include "payload/series_columns.hpp"
#include "payload/series_values.hpp"
#include "series_layout_generated.h"

namespace holdfast {
namespace {

constexpr unsigned kTimeUnits = 8;

bool is_plain_text(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

std::string hex(std::uint64_t value) {
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[value >> shift & 0xF];
  return text;
}

// What the id is derived from; docs/formats/series.md has it as well.
std::string canonical(const std::vector<Channel>& channels, std::int64_t unit_ms) {
  std::string text = "holdfast series 1\ntime " + std::to_string(unit_ms) + "\n";
  for (const Channel& channel : channels) {
    text += channel.name + "\t" + channel.unit + "\t" +
            std::to_string(static_cast<unsigned>(channel.kind)) + "\t" +
            hex(std::bit_cast<std::uint64_t>(channel.resolution)) + "\n";
  }
  return text;
}

// FNV-1a of 64 bits.
std::uint64_t hash(std::string_view text) {
  std::uint64_t hash = 0xCBF2'9CE4'8422'2325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100'0000'01B3;
  return hash;
}

std::uint32_t id_of(const std::vector<Channel>& channels, std::int64_t unit_ms, unsigned unit) {
  const auto high = static_cast<std::uint32_t>(hash(canonical(channels, unit_ms)) >> 41);
  return high << 9 | static_cast<std::uint32_t>(channels.size() - 1) << 3 | unit;
}

ChannelScale scale_of(const Channel& channel) {
  ChannelScale scale{.kind = channel.kind};
  if (channel.kind != ChannelKind::fixed) return scale;
  const double inverse = std::round(1 / channel.resolution);
  scale.multiplies = inverse >= 1 && std::abs(inverse * channel.resolution - 1) < 1e-9;
  scale.factor = scale.multiplies ? inverse : channel.resolution;
  return scale;
}

struct Fault {
  std::string field;
  std::string value;
  std::string mend;
};

std::optional<Fault> fault_of(const Channel& channel, const std::string& field) {
  if (channel.name.empty() || channel.name.size() > limits::kMaxChannelNameBytes) {
    return Fault{field + ".name", channel.name, "1 to 64 bytes"};
  }
  if (!is_plain_text(channel.name)) return Fault{field + ".name", "", "no control characters"};
  if (channel.unit.size() > limits::kMaxChannelUnitBytes || !is_plain_text(channel.unit)) {
    return Fault{field + ".unit", is_plain_text(channel.unit) ? channel.unit : "",
                 "at most 16 bytes, and no control characters"};
  }
  if (!std::isfinite(channel.resolution) || channel.resolution < 0) {
    return Fault{field + ".resolution", std::to_string(channel.resolution),
                 "a finite number above 0, in the channel's unit; 0 rounds nothing"};
  }
  if (channel.kind == ChannelKind::fixed && channel.resolution == 0) {
    return Fault{field + ".resolution", "0", "a channel of the kind fixed needs one"};
  }
  if (static_cast<unsigned>(channel.kind) == 0) {
    return Fault{field + ".kind", "0", "one of ChannelKind"};
  }
  return std::nullopt;
}

std::optional<Fault> fault_of(const std::vector<Channel>& channels) {
  if (channels.empty() || channels.size() > limits::kMaxSeriesChannels) {
    return Fault{"channels", std::to_string(channels.size()), "1 to 64 channels"};
  }
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const std::string field = "channels[" + std::to_string(i) + "]";
    if (auto fault = fault_of(channels[i], field)) return fault;
    for (std::size_t j = 0; j < i; ++j) {
      if (channels[j].name == channels[i].name) {
        return Fault{field + ".name", channels[i].name, "each name once"};
      }
    }
  }
  return std::nullopt;
}

std::optional<unsigned> unit_of(std::int64_t ms) {
  for (unsigned unit = 0; unit < kTimeUnits; ++unit) {
    if (payload::time_unit_of_layout(unit) == ms) return unit;
  }
  return std::nullopt;
}

// Checks and completes a declaration.
std::shared_ptr<const SeriesLayout::Data> make(std::vector<Channel> channels, std::int64_t unit_ms,
                                               std::optional<Fault>& fault) {
  for (Channel& channel : channels) {
    if (channel.resolution > 0) channel.kind = ChannelKind::fixed;
  }
  fault = fault_of(channels);
  if (fault) return nullptr;
  const auto unit = unit_of(unit_ms);
  if (!unit) {
    fault = Fault{"time_resolution", std::to_string(unit_ms) + " ms",
                  "1, 10 or 100 ms, 1 or 10 s, 1 or 10 min, or 1 h"};
    return nullptr;
  }
  auto data = std::make_shared<SeriesLayout::Data>();
  for (const Channel& channel : channels) data->scales.push_back(scale_of(channel));
  data->id = id_of(channels, unit_ms, *unit);
  data->unit_ms = unit_ms;
  data->channels = std::move(channels);
  return data;
}

}  // namespace

SeriesLayout::SeriesLayout(std::vector<Channel> channels, SeriesOptions options) {
  std::optional<Fault> fault;
  data_ = make(std::move(channels), options.time_resolution.count(), fault);
  if (fault) throw ConfigError(fault->field, fault->value, fault->mend);
}

const std::vector<Channel>& SeriesLayout::channels() const noexcept {
  return data_->channels;
}

std::chrono::milliseconds SeriesLayout::time_resolution() const noexcept {
  return std::chrono::milliseconds(data_->unit_ms);
}

std::uint32_t SeriesLayout::id() const noexcept {
  return data_->id;
}

bool operator==(const SeriesLayout& a, const SeriesLayout& b) noexcept {
  return a.data_ == b.data_ ||
         (a.data_->unit_ms == b.data_->unit_ms && a.data_->channels == b.data_->channels);
}

std::vector<std::byte> SeriesLayout::describe() const {
  wire::SeriesLayoutT description;
  description.id = data_->id;
  description.time_resolution_ms = static_cast<std::uint32_t>(data_->unit_ms);
  for (const Channel& channel : data_->channels) {
    auto one = std::make_unique<wire::SeriesChannelT>();
    one->name = channel.name;
    one->unit = channel.unit;
    one->kind = static_cast<std::uint8_t>(channel.kind);
    one->resolution = channel.resolution;
    description.channels.push_back(std::move(one));
  }
  const auto buffer = pack<wire::SeriesLayout>(description);
  const auto bytes = as_payload(buffer);
  return {bytes.begin(), bytes.end()};
}

std::optional<SeriesLayout> SeriesLayout::from_description(std::span<const std::byte> bytes,
                                                           std::error_code& error) {
  const std::vector<std::byte> aligned(bytes.begin(), bytes.end());
  const auto* description = verify<wire::SeriesLayout>(aligned, error);
  if (description == nullptr) return std::nullopt;
  error = Errc::malformed_payload;
  if (description->channels()->size() > limits::kMaxSeriesChannels) return std::nullopt;
  std::vector<Channel> channels;
  for (const auto* channel : *description->channels()) {
    const bool fixed = channel->kind() == static_cast<std::uint8_t>(ChannelKind::fixed);
    if (!fixed && channel->resolution() > 0) return std::nullopt;
    channels.push_back({.name = channel->name()->str(),
                        .resolution = channel->resolution(),
                        .unit = channel->unit() == nullptr ? "" : channel->unit()->str(),
                        .kind = static_cast<ChannelKind>(channel->kind())});
  }
  std::optional<Fault> fault;
  auto data = make(std::move(channels), description->time_resolution_ms(), fault);
  if (fault || data->id != description->id()) return std::nullopt;
  error.clear();
  return SeriesLayout(std::move(data));
}

}  // namespace holdfast
