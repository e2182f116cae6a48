// From what comes from a broker to what the store takes. Nothing gets in that was not verified: an
// envelope and its bodies, a series by its declaration, a status. What a topic is about is told by
// the payload; a device is its topic without the last level ("truck/17" of "truck/17/r").
//
// Threads: one at a time, that of the device's handlers.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <holdfast/message.hpp>
#include <holdfast/series.hpp>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store.hpp"

namespace fleet {

class Intake {
 public:
  /// @param complain told of each payload that is left out, in one line
  Intake(Store& store, std::function<void(const std::string&)> complain)
      : store_(store), complain_(std::move(complain)) {}

  void take(const holdfast::Message& message, std::int64_t now_ms);

 private:
  /// Series whose declaration has not come yet; they wait for it.
  static constexpr std::size_t kMostWaiting = 1'000;
  /// Declarations that are kept in memory; there is one for each release of a device's software.
  static constexpr std::size_t kMostLayouts = 1'000;

  // Each @return false: it is none.
  bool take_condition(const holdfast::Message& message, std::int64_t now);
  bool take_layout(const holdfast::Message& message, std::int64_t now);
  bool take_series(const holdfast::Message& message, std::int64_t now);
  void take_bodies(const holdfast::Message& message, std::int64_t now);
  const holdfast::SeriesLayout* layout(std::uint32_t id);
  void leave_out(const holdfast::Message& message, const std::string& why);

  Store& store_;
  std::function<void(const std::string&)> complain_;
  std::map<std::uint32_t, holdfast::SeriesLayout> layouts_;
  std::map<std::uint32_t, std::vector<holdfast::Message>> waiting_;
  std::size_t waiting_count_ = 0;
};

/// "truck/17" of "truck/17/r".
std::string device_of(std::string_view topic);

}  // namespace fleet
