// What a receiver makes of all that arrived, and whether the receipts were true. Pure logic.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/payload.hpp>

#include "support/subscriber.hpp"

namespace holdfast::test {

struct Arrived {
  std::string topic;
  std::uint64_t number = 0;
  std::optional<Origin> origin;
};

/// The numbers in what waits to be published on this topic, one or several that share a message;
/// empty: no device of the storm has such a thing.
std::vector<std::uint64_t> numbers_in(std::string_view topic, std::span<const std::byte> payload);

/// @return empty for a message that no device of the storm can have sent
std::vector<Arrived> arrived(const ReceivedMessage& message);

struct Verdict {
  std::vector<std::string> breaches;  ///< of the contract; a few of each kind are spelled out
  std::size_t first_copies = 0;
  std::size_t second_copies = 0;
  std::size_t without_receipt = 0;  ///< first copies of what nobody said was stored
  std::size_t gaps = 0;             ///< sequence numbers that a kill has taken
};

/// @param stored the numbers of which a receipt said that they are stored
/// @param arrivals in their order, second copies included
Verdict judge(const std::set<std::uint64_t>& stored, const std::vector<Arrived>& arrivals);

}  // namespace holdfast::test
