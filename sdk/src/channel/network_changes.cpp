#include "channel/network_changes.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

namespace holdfast::channel {
namespace {

using Bytes = std::span<const std::uint8_t>;

// A copy, because nothing in a datagram is aligned for sure.
template <class Header>
std::optional<Header> read_header(Bytes bytes) {
  if (bytes.size() < sizeof(Header)) return std::nullopt;
  Header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  return header;
}

// Everything of netlink begins at a multiple of four bytes.
std::size_t aligned(std::size_t size) {
  return (size + 3) / 4 * 4;
}

Bytes behind(Bytes bytes, std::size_t size) {
  return bytes.subspan(std::min(aligned(size), bytes.size()));
}

// The content of the attribute of this type; empty if it is missing.
Bytes attribute(Bytes attributes, unsigned short wanted) {
  for (;;) {
    const auto header = read_header<rtattr>(attributes);
    if (!header || header->rta_len < sizeof(rtattr) || header->rta_len > attributes.size()) {
      return {};
    }
    if (header->rta_type == wanted) {
      return attributes.first(header->rta_len).subspan(sizeof(rtattr));
    }
    attributes = behind(attributes, header->rta_len);
  }
}

std::string text_of(Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

std::uint32_t number_in(Bytes bytes) {
  return read_header<std::uint32_t>(bytes).value_or(0);
}

}  // namespace

NetworkChanges::Seen NetworkChanges::take(Bytes datagram) {
  Seen seen;
  for (;;) {
    const auto header = read_header<nlmsghdr>(datagram);
    if (!header || header->nlmsg_len < sizeof(nlmsghdr) || header->nlmsg_len > datagram.size()) {
      return seen;
    }
    take_message(header->nlmsg_type, datagram.first(header->nlmsg_len).subspan(sizeof(nlmsghdr)),
                 seen);
    datagram = behind(datagram, header->nlmsg_len);
  }
}

void NetworkChanges::take_message(std::uint16_t type, Bytes body, Seen& seen) {
  switch (type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      take_link(type, body, seen);
      return;
    case RTM_NEWADDR:
    case RTM_DELADDR:
      take_address(type, body, seen);
      return;
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
      take_route(type, body, seen);
      return;
    default:
      return;
  }
}

void NetworkChanges::take_link(std::uint16_t type, Bytes body, Seen& seen) {
  const auto link = read_header<ifinfomsg>(body);
  if (!link || (link->ifi_flags & IFF_LOOPBACK) != 0) return;
  const bool runs = type == RTM_NEWLINK && (link->ifi_flags & IFF_UP) != 0 &&
                    (link->ifi_flags & IFF_RUNNING) != 0;
  const auto interface = static_cast<std::uint32_t>(link->ifi_index);
  if (!runs) forget_routes(interface);
  note({Kind::carrier, interface, {}}, runs, seen);
}

void NetworkChanges::take_address(std::uint16_t type, Bytes body, Seen& seen) {
  const auto address = read_header<ifaddrmsg>(body);
  // From an address that is good for this host or this link alone no broker is reached.
  if (!address || address->ifa_scope >= RT_SCOPE_LINK) return;
  const Bytes attributes = behind(body, sizeof(ifaddrmsg));
  Bytes value = attribute(attributes, IFA_LOCAL);
  if (value.empty()) value = attribute(attributes, IFA_ADDRESS);
  if (type == RTM_DELADDR) forget_routes(address->ifa_index);
  note({Kind::address, address->ifa_index, text_of(value)}, type == RTM_NEWADDR, seen);
}

void NetworkChanges::take_route(std::uint16_t type, Bytes body, Seen& seen) {
  const auto route = read_header<rtmsg>(body);
  if (!route || route->rtm_dst_len != 0 || route->rtm_type != RTN_UNICAST) return;
  const Bytes attributes = behind(body, sizeof(rtmsg));
  note({Kind::route, number_in(attribute(attributes, RTA_OIF)),
        static_cast<char>(route->rtm_family) + text_of(attribute(attributes, RTA_GATEWAY))},
       type == RTM_NEWROUTE, seen);
}

void NetworkChanges::note(Thing thing, bool there, Seen& seen) {
  if (!there) {
    seen.went = things_.erase(thing) > 0 || thing.kind == Kind::address || seen.went;
    return;
  }
  if (things_.size() >= kMaxRemembered) things_.clear();
  if (things_.insert(std::move(thing)).second) seen.appeared = true;
}

// IPv4 routes that go with an address or a carrier go without a word.
void NetworkChanges::forget_routes(std::uint32_t interface) {
  std::erase_if(things_, [interface](const Thing& thing) {
    return thing.kind == Kind::route && thing.interface == interface;
  });
}

}  // namespace holdfast::channel
