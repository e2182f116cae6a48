// The account of one connection: what TCP cost, split by what it carried. Pure.

#pragma once

#include <cstddef>
#include <cstdint>

#include <holdfast/status.hpp>

#include "ledger/wire_meter.hpp"

namespace holdfast::ledger {

/// @param carried what was handed to TCP, first transmissions only, by cause. What the kernel has
///        not sent is taken off again, payload first; what TCP carried beyond it is the framing of
///        TLS records, and counts as headers. So the sum of the causes is what the wire says.
Account settle(const WireBill& wire, const Account& carried);

Account& operator+=(Account& to, const Account& what);

/// What has come to be spent since `counted`, which is brought up to date. A cause that shrank
/// (bytes that turned out to be something else) gives nothing, and is made up for later.
Account spent_since(Account& counted, const Account& now);

/// What looking up a name costs at most, if it is answered at once: the queries for both families
/// of addresses (RFC 1035, 3596; with EDNS, RFC 6891) and their answers, over IPv6, which is the
/// dearer one. @param ipv4 how many addresses came; @param ipv6 likewise
/// @param took  how long the answer took: name servers that are silent are asked again after at
///              least three seconds (resolv.conf's defaults, with up to three of them)
Account name_lookup(std::size_t name_bytes, std::size_t ipv4, std::size_t ipv6, Duration took);

}  // namespace holdfast::ledger
