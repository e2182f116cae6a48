// What a device of the storm publishes: numbers, each on the stream that it belongs to. Shared by
// the device's program and by those who judge what arrived.

#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <holdfast/options.hpp>

namespace holdfast::test {

struct StormStream {
  enum class Kind : std::uint8_t {
    typed,   ///< in an envelope, with epoch and sequence
    keyed,   ///< the same, and only the last value matters
    opaque,  ///< text, published unchanged
  };

  std::string_view topic;
  Kind kind = Kind::typed;
  Priority priority = Priority::normal;
  Order order = Order::oldest_first;
  Durable durable = Durable::at_push();
};

inline constexpr std::array<StormStream, 7> kStormStreams{{
    {.topic = "storm/normal"},
    {.topic = "storm/urgent", .priority = Priority::urgent},
    // Two handles on one topic: what may get lost is numbered among what may not.
    {.topic = "storm/mixed", .priority = Priority::low},
    {.topic = "storm/mixed",
     .priority = Priority::low,
     .durable = Durable::within(std::chrono::milliseconds(30))},
    {.topic = "storm/live", .order = Order::newest_first},
    {.topic = "storm/state", .kind = StormStream::Kind::keyed},
    {.topic = "storm/opaque", .kind = StormStream::Kind::opaque},
}};

/// Whose turn it is, by the last digit of the number.
inline constexpr std::array<std::size_t, 10> kStormTurns{0, 1, 2, 0, 3, 4, 0, 5, 1, 6};

constexpr std::size_t stream_index_of(std::uint64_t number) {
  return kStormTurns[number % kStormTurns.size()];
}

constexpr const StormStream& stream_of(std::uint64_t number) {
  return kStormStreams[stream_index_of(number)];
}

/// Each process has a range of its own: what one has sent without a receipt, the next one must not
/// number again.
inline constexpr std::uint64_t kNumbersPerLife = 1'000'000;

constexpr std::uint64_t life_of(std::uint64_t number) {
  return number / kNumbersPerLife;
}

}  // namespace holdfast::test
