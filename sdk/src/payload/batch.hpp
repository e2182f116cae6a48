// Several readings in one message: how bodies that wait are made one, and how what goes out is
// given its origin. What it is made of tells a body's form (its file identifier), so bodies that an
// earlier process has left are handled alike. Pure.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <holdfast/payload.hpp>

#include "payload/series_body.hpp"

namespace holdfast::payload {

/// Makes one body of the longest run of bodies, from the first on, that can share a message of
/// `max_bytes`. The first is always taken; there must be one. A body may be the result of an
/// earlier merge.
Merged merge_bodies(std::span<const std::span<const std::byte>> bodies, std::size_t max_bytes);

/// How many readings a body holds that waits; 1 for one that is none of ours.
std::size_t count_readings(std::span<const std::byte> body);

/// What goes out: the body, or all that were merged, with its origin. Times of a series that count
/// from `boot` become UTC where it is known when that began (milliseconds since 1970).
std::vector<std::byte> seal(const Origin& origin, std::span<const std::byte> body,
                            std::uint64_t boot = 0,
                            std::optional<std::int64_t> boot_began_ms = std::nullopt);

}  // namespace holdfast::payload
