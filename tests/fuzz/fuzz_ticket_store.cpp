// The file of TLS sessions, tampered with or of another version: it is read or refused, what was
// read is written as the same, and nothing in it is offered beyond its bounds.

#include <string>

#include <holdfast/limits.hpp>

#include "fuzz.hpp"
#include "resumption/policy.hpp"
#include "resumption/ticket_store.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  resumption::TicketStore store;
  if (!store.decode({data, size}).empty()) {
    fuzz::require(store.peers().empty(), "what is refused is not used in part");
    return 0;
  }
  fuzz::require(store.peers().size() <= limits::kMaxTicketPeers, "a few brokers");
  const Secret written = store.encode();
  resumption::TicketStore again;
  fuzz::require(again.decode(written.bytes()).empty(), "what was written is read again");
  fuzz::require(again.peers().size() == store.peers().size(), "all of it");

  const resumption::Moment now{{1, 2}, 1000, 1'800'000'000};
  const auto peers = store.peers();
  for (std::size_t i = 0; i < peers.size(); ++i) {
    const resumption::Peer& peer = peers[i];
    fuzz::require(again.peers()[i].binding == peer.binding, "and is the same");
    const pinning::TrustedKeys nobody;
    fuzz::require(!again.offer(peer.binding, nobody, now), "nothing without a trusted key");
    const pinning::TrustedKeys everybody(peer.binding.pin_set_version, peer.ticket.proven);
    const auto ticket = store.offer(peer.binding, everybody, now);
    if (!ticket) continue;
    fuzz::require(resumption::may_resume(peer.chain, now, {}), "not beyond its age");
    fuzz::require(resumption::is_alive(peer, now), "not beyond its life");
    fuzz::require(!store.offer(peer.binding, everybody, now), "not twice");
  }
  return 0;
}
