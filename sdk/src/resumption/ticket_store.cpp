#include "resumption/ticket_store.hpp"

#include <algorithm>
#include <utility>

#include <holdfast/limits.hpp>

#include "resumption/policy.hpp"

namespace holdfast::resumption {
namespace {

void forget_ticket(Peer& peer) {
  peer.ticket.session = Secret();
  peer.offers = 0;
}

}  // namespace

bool TicketStore::take_changed() {
  return std::exchange(changed_, false);
}

Peer* TicketStore::find(const Binding& binding) {
  const auto it = std::find_if(peers_.begin(), peers_.end(),
                               [&](const Peer& peer) { return peer.binding == binding; });
  return it == peers_.end() ? nullptr : &*it;
}

// What such a connection has cost was the cost of another handshake as well.
void TicketStore::forget_other_bindings(const Binding& binding) {
  changed_ |= std::erase_if(peers_, [&](const Peer& peer) {
                return peer.binding.is_peer(binding) && peer.binding != binding;
              }) > 0;
}

std::optional<Ticket> TicketStore::offer(const Binding& binding, const pinning::TrustedKeys& keys,
                                         const Moment& now) {
  forget_other_bindings(binding);
  Peer* peer = find(binding);
  if (peer == nullptr) return std::nullopt;
  const auto match = keys.judge(peer->ticket.proven);
  // A set that is not proven yet is waiting for a full handshake: only that shows which key the
  // broker has.
  const bool trusted = match && match->role == pinning::TrustedKeys::Role::current &&
                       keys.version() == binding.pin_set_version;
  if (!trusted || !may_resume(peer->chain, now, options_) || !is_alive(*peer, now)) {
    changed_ |= !peer->ticket.session.empty();
    forget_ticket(*peer);
    return std::nullopt;
  }
  const bool paying = pays(peer->costs);
  if (options_.mode == ResumptionMode::cheapest && !paying) return std::nullopt;
  look_at_clock(peer->chain, now);
  ++peer->chain.resumptions;
  ++peer->offers;
  changed_ = true;
  Ticket ticket{std::move(peer->ticket.session), peer->ticket.proven};
  return ticket;
}

void TicketStore::unanswered(const Binding& binding, Ticket ticket) {
  Peer* peer = find(binding);
  // A newer one has come meanwhile, or it does not descend from what is known of this broker.
  if (peer == nullptr || !peer->ticket.session.empty() || peer->ticket.proven != ticket.proven) {
    return;
  }
  peer->ticket.session = std::move(ticket.session);
  changed_ = true;
}

void TicketStore::proven(const Binding& binding, const std::vector<pinning::Pin>& pins,
                         const Moment& now) {
  forget_other_bindings(binding);
  if (find(binding) == nullptr) {
    if (peers_.size() >= limits::kMaxTicketPeers) peers_.erase(peers_.begin());
    peers_.push_back({.binding = binding});
  }
  Peer& peer = *find(binding);
  forget_ticket(peer);
  peer.ticket.proven = pins;
  peer.chain = begin_chain(now);
  // Written with the ticket, without which it is of no use.
}

void TicketStore::received(const Binding& binding, NewTicket ticket, const Moment& now) {
  Peer* peer = find(binding);
  if (peer == nullptr || peer->ticket.proven.empty()) return;
  if (options_.mode == ResumptionMode::never) return;
  if (ticket.session.empty() || ticket.session.size() > limits::kMaxTicketBytes) return;
  // A lifetime of 0 says that it should not be used (RFC 8446 section 4.6.1).
  if (ticket.lifetime == 0) return;
  look_at_clock(peer->chain, now);
  peer->ticket.session = std::move(ticket.session);
  peer->lifetime = ticket.lifetime;
  peer->received = now;
  peer->offers = 0;
  changed_ = true;
  const auto here = peers_.begin() + (peer - peers_.data());
  std::rotate(here, here + 1, peers_.end());
}

void TicketStore::cost(const Binding& binding, Way way, std::uint32_t bytes) {
  if (Peer* peer = find(binding)) learn(peer->costs, way, bytes);
}

}  // namespace holdfast::resumption
