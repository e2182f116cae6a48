// Events for the tests of this room.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <holdfast/error.hpp>

#include "observe/event_record.hpp"

namespace holdfast::observe {

inline Event event_of(EventKind kind, std::string detail, std::error_code error = {}) {
  return {kind, error, std::move(detail)};
}

/// An event as a record, so many milliseconds after the boot.
inline EventRecord seen(EventKind kind, std::string detail, std::uint64_t at_ms = 0,
                        std::error_code error = {}) {
  return record_of(event_of(kind, std::move(detail), error), {.boot = 7, .since_boot_ms = at_ms});
}

inline std::vector<std::string> details_of(const std::vector<EventRecord>& records) {
  std::vector<std::string> details;
  for (const EventRecord& record : records) details.push_back(record.detail);
  return details;
}

}  // namespace holdfast::observe
