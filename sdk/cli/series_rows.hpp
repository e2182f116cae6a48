// The readings of a series as JSON members and as cells.

#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <holdfast/series.hpp>

namespace holdfast::cli {

/// The declarations that are known, by the topic of their batches and by the id that these carry.
class SeriesLayouts {
 public:
  /// Takes a description (schemas/holdfast/series_layout.fbs). @return false: it is none
  bool learn(const std::string& topic, std::span<const std::byte> description);
  /// Of any topic, where none of this one has the id.
  const SeriesLayout* find(const std::string& topic, std::uint32_t id) const;

 private:
  std::map<std::pair<std::string, std::uint32_t>, SeriesLayout> layouts_;
};

bool is_series(std::span<const std::byte> payload);
bool is_series_layout(std::span<const std::byte> payload);

/// `"time_ms":…,"body":{…}`: what is absent is left out.
std::string json_members(const SeriesRow& row, const SeriesLayout& layout);

/// time_ms, boot, and the names of the channels.
std::vector<std::string> column_titles(const SeriesLayout& layout);
std::vector<std::string> cells(const SeriesRow& row, const SeriesLayout& layout);

}  // namespace holdfast::cli
