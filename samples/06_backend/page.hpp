// The page: where the fleet is, what it has told, and what it costs, as one HTML document without
// scripts and without anything from elsewhere. Pure: the same model, the same bytes.

#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "store.hpp"

namespace fleet {

struct Plot {
  std::string channel;
  std::vector<Point> points;  ///< newest first
};

struct DeviceView {
  DeviceRow row;
  std::vector<Position> track;  ///< oldest first
  std::vector<Plot> plots;
};

struct PageModel {
  std::int64_t now_ms = 0;
  std::int64_t all_devices = 0;     ///< of which `devices` are those that were heard of last
  std::int64_t allowance = 0;       ///< bytes a month for each device; 0: none
  std::vector<DeviceView> devices;  ///< by name
};

/// What the page shows of a store: the newest of everything, within bounds.
PageModel look_at(Store& store, std::int64_t now_ms, std::int64_t allowance);

std::string render(const PageModel& model);

}  // namespace fleet
