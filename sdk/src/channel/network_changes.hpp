// Reads what the kernel tells of the network (rtnetlink(7)): an address, a default route or a
// carrier that was not there before. Pure, but for the numbers of the kernel's headers.

#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>

namespace holdfast::channel {

class NetworkChanges {
 public:
  struct Seen {
    bool appeared = false;  ///< something that may lead to the broker
    bool went = false;      ///< something is gone
  };

  /// One datagram of a NETLINK_ROUTE socket. What was told before is no news: routers announce the
  /// same IPv6 address and route every few minutes.
  Seen take(std::span<const std::uint8_t> datagram);

  /// Addresses, routes and carriers that are remembered; a router may have more, and sees some of
  /// them as new again.
  static constexpr std::size_t kMaxRemembered = 256;

 private:
  enum class Kind : std::uint8_t { carrier, address, route };
  struct Thing {
    Kind kind;
    std::uint32_t interface;
    std::string value;
    // clang-tidy 14 takes the 0 in what is generated for a pointer.
    // NOLINTNEXTLINE(modernize-use-nullptr)
    auto operator<=>(const Thing&) const = default;
  };

  void take_message(std::uint16_t type, std::span<const std::uint8_t> body, Seen& seen);
  void take_link(std::uint16_t type, std::span<const std::uint8_t> body, Seen& seen);
  void take_address(std::uint16_t type, std::span<const std::uint8_t> body, Seen& seen);
  void take_route(std::uint16_t type, std::span<const std::uint8_t> body, Seen& seen);
  void note(Thing thing, bool there, Seen& seen);
  void forget_routes(std::uint32_t interface);

  std::set<Thing> things_;
};

}  // namespace holdfast::channel
