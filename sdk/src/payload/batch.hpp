// Several readings in one message: how bodies that wait are made one, and how what goes out is
// given its origin. What it is made of tells a body's form (its file identifier), so bodies that an
// earlier process has left are handled alike. Pure.

#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <holdfast/payload.hpp>

namespace holdfast::payload {

struct Merged {
  std::vector<std::byte> body;
  std::size_t count = 0;  ///< how many of the bodies it holds, from the first on
};

/// Makes one body of the longest run of bodies, from the first on, that can share a message of
/// `max_bytes`. The first is always taken; there must be one. A body may be the result of an
/// earlier merge.
Merged merge_bodies(std::span<const std::span<const std::byte>> bodies, std::size_t max_bytes);

/// What goes out: the body, or all that were merged, with its origin.
std::vector<std::byte> seal(const Origin& origin, std::span<const std::byte> body);

}  // namespace holdfast::payload
