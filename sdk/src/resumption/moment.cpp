#include "resumption/moment.hpp"

#include <algorithm>

namespace holdfast::resumption {

std::uint64_t passed(const Moment& since, const Moment& now) {
  const bool same_boot = since.boot.known() && since.boot == now.boot;
  std::uint64_t counted = now.uptime;
  if (same_boot) counted = now.uptime > since.uptime ? now.uptime - since.uptime : 0;
  // A boot nobody can tell apart says nothing, not even that it lasts longer than the other.
  if (!now.boot.known() || !since.boot.known()) counted = 0;
  const bool by_wall = since.wall != 0 && now.wall > since.wall;
  return by_wall ? std::max(counted, now.wall - since.wall) : counted;
}

}  // namespace holdfast::resumption
