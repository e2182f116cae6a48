// The name that the broker's certificate must be made out for (RFC 9525, which is RFC 6125 made
// anew): the host of the option `broker`, never anything that a name server said. Pure.
//
// wolfSSL's own check is made, too, and is too lax alone: it takes the common name where there are
// no subject alternative names, a wildcard anywhere in a name, and an IP address that is written
// as a DNS name.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "channel/certificate.hpp"

namespace holdfast::channel {

struct PeerName {
  std::string host;                   ///< without the trailing dot, and without an IPv6 zone
  std::vector<std::uint8_t> address;  ///< 4 or 16 bytes of an IP literal; empty for a name

  bool is_address() const { return !address.empty(); }
};

/// @param host as `BrokerUrl` has it; may be empty, and then no certificate is for it.
PeerName parse_peer_name(std::string_view host);

/// Why the certificate is not made out for this name; empty if it is.
std::string why_not_for(const Certificate& certificate, const PeerName& name);

}  // namespace holdfast::channel
