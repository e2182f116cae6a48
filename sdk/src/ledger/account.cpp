#include "ledger/account.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace holdfast::ledger {
namespace {

using Side = std::uint64_t ByteCount::*;

// What is given up first when less went out than was handed over.
constexpr std::array kCarried{Cause::payload,    Cause::mqtt_control, Cause::acknowledgements,
                              Cause::keep_alive, Cause::tickets,      Cause::handshake};

void settle_side(Account& account, const WireBytes& wire, Side side) {
  std::uint64_t said = 0;
  for (const Cause cause : kCarried) said += account[cause].*side;
  std::uint64_t unsent = said > wire.carried ? said - wire.carried : 0;
  const std::uint64_t framing = wire.carried > said ? wire.carried - said : 0;
  for (const Cause cause : kCarried) {
    const std::uint64_t off = std::min(unsent, account[cause].*side);
    account[cause].*side -= off;
    unsent -= off;
  }
  account[Cause::headers].*side = wire.headers + framing;
  account[Cause::retransmission].*side = wire.repeated;
  account[Cause::keep_alive].*side += wire.probes;
}

// IPv6 and UDP headers, DNS header, and what a question has beside its name (RFC 1035 section 4).
constexpr std::size_t kDnsHeaders = 40 + 8 + 12;
constexpr std::size_t kQuestion = 2 + 4;
constexpr std::size_t kEdns = 11;
// A resource record behind a compressed name, without its data.
constexpr std::size_t kRecord = 12;
// The answer that there is none has an SOA record with two names; an alias has one.
constexpr std::size_t kOtherRecords = 128;

}  // namespace

Account settle(const WireBill& wire, const Account& carried) {
  Account account = carried;
  account.segments_up = wire.up.segments;
  account.segments_down = wire.down.segments;
  settle_side(account, wire.up, &ByteCount::up);
  settle_side(account, wire.down, &ByteCount::down);
  return account;
}

Account& operator+=(Account& to, const Account& what) {
  to.connections += what.connections;
  to.segments_up += what.segments_up;
  to.segments_down += what.segments_down;
  for (std::size_t i = 0; i < kCauses; ++i) {
    to.by_cause[i].up += what.by_cause[i].up;
    to.by_cause[i].down += what.by_cause[i].down;
  }
  return to;
}

Account spent_since(Account& counted, const Account& now) {
  const auto advance = [](std::uint64_t& before, std::uint64_t after) {
    const std::uint64_t more = after > before ? after - before : 0;
    before += more;
    return more;
  };
  Account spent;
  spent.connections = advance(counted.connections, now.connections);
  spent.segments_up = advance(counted.segments_up, now.segments_up);
  spent.segments_down = advance(counted.segments_down, now.segments_down);
  for (std::size_t i = 0; i < kCauses; ++i) {
    spent.by_cause[i].up = advance(counted.by_cause[i].up, now.by_cause[i].up);
    spent.by_cause[i].down = advance(counted.by_cause[i].down, now.by_cause[i].down);
  }
  return spent;
}

Account name_lookup(std::size_t name_bytes, std::size_t ipv4, std::size_t ipv6, Duration took) {
  constexpr auto kAskedAgainAfter = std::chrono::seconds(3);
  const auto rounds =
      static_cast<std::uint64_t>(1 + std::max<Duration::rep>(0, took / kAskedAgainAfter));
  const std::uint64_t question = kDnsHeaders + name_bytes + kQuestion + kEdns;
  Account account;
  account[Cause::dns].up = 2 * question * rounds;
  account[Cause::dns].down =
      2 * (question + kOtherRecords) + ipv4 * (kRecord + 4) + ipv6 * (kRecord + 16);
  return account;
}

}  // namespace holdfast::ledger
