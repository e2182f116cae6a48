// An event as it is kept, and the bytes of it in the file of events (docs/formats/events.md). Pure.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <holdfast/event.hpp>
#include <holdfast/limits.hpp>

namespace holdfast::observe {

/// When something happened: in which boot of the machine, and how long after it. When that boot
/// began is known once anybody knows the date.
struct EventTime {
  std::uint64_t boot = 0;                  ///< a number for it
  std::uint64_t since_boot_ms = 0;         ///< time asleep included
  std::optional<std::int64_t> began_ms{};  ///< the boot, since 1970

  std::optional<std::int64_t> wall_ms() const {
    if (!began_ms) return std::nullopt;
    return *began_ms + static_cast<std::int64_t>(since_boot_ms);
  }
  bool operator==(const EventTime&) const = default;
};

/// One event, or several that are counted together.
struct EventRecord {
  std::uint64_t record = 0;    ///< its number among records, which tells its place in the file
  std::uint64_t event = 0;     ///< the number of its latest event among all that there were
  std::uint32_t count = 1;     ///< of events
  EventTime last;              ///< the latest of them
  std::uint64_t first_ms = 0;  ///< the first, since the same boot
  Severity severity = Severity::info;
  std::string kind;   ///< as `to_string` has it: newer releases know others
  int code = 0;       ///< `Errc`; 0: none, or an error of somebody else's
  std::string error;  ///< what the error says
  std::string detail;
  bool cut = false;  ///< the detail was longer

  std::optional<std::int64_t> first_wall_ms() const {
    return EventTime{last.boot, first_ms, last.began_ms}.wall_ms();
  }
  bool operator==(const EventRecord&) const = default;
};

/// One event as a record without numbers, its texts as short as the file wants them.
EventRecord record_of(const Event& event, const EventTime& time);

using EventSlot = std::array<std::uint8_t, limits::kKeptEventBytes>;

EventSlot encode_slot(const EventRecord& record);
/// Empty if the slot is not whole. @param slot as long as an `EventSlot`
std::optional<EventRecord> decode_slot(std::span<const std::uint8_t> slot);

struct KeptEvents {
  std::vector<EventRecord> records;  ///< as `arrange` has them
  std::size_t damaged = 0;           ///< slots that had something and cannot be read
};

/// In the order of the latest events. Those of a boot whose date somebody came to know later get
/// it.
void arrange(std::vector<EventRecord>& records);

/// A whole file, from which the end may be missing.
KeptEvents decode_events(std::span<const std::uint8_t> file);

}  // namespace holdfast::observe
