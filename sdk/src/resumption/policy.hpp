// Whether a session may be resumed, and whether it pays. Pure: time and facts in, decisions out.

#pragma once

#include <cstdint>

#include <holdfast/options.hpp>

#include "resumption/ticket.hpp"

namespace holdfast::resumption {

/// The chain of a full handshake that has just finished.
Chain begin_chain(const Moment& now);

/// Writes down how much of the chain's age is known by now, so that it survives a reboot.
void look_at_clock(Chain& chain, const Moment& now);

/// How old the full handshake is, at least, in seconds.
std::uint64_t age(const Chain& chain, const Moment& now);

/// Whether a trusted wall clock has measured all of that age.
bool is_measured(const Chain& chain, const Moment& now);

/// Whether the key that was proven then may vouch for one more resumption.
bool may_resume(const Chain& chain, const Moment& now, const Resumption& options);

/// Whether the broker may still take the ticket.
bool is_alive(const Peer& peer, const Moment& now);

/// Whether offering a ticket is the way to take now. Every call counts as a connection.
bool pays(Costs& costs);

/// What one connection has cost.
void learn(Costs& costs, Way way, std::uint32_t bytes);

}  // namespace holdfast::resumption
