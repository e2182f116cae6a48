// Between tickets and the FlatBuffer of schemas/holdfast/ticket_store.fbs.

#include <flatbuffers/flatbuffers.h>

#include <algorithm>

#include <holdfast/limits.hpp>
#include <holdfast/payload.hpp>

#include "pinning/wire.hpp"
#include "resumption/ticket_store.hpp"
#include "ticket_store_generated.h"

namespace holdfast::resumption {
namespace {

// A digest, or none.
constexpr std::size_t kDigestBytes = 32;
// A name of DNS has at most 253 characters; more is no name.
constexpr std::size_t kMaxNameBytes = 255;

wire::Moment to_wire(const Moment& moment) {
  return {moment.boot.high, moment.boot.low, moment.uptime, moment.wall};
}

Moment from_wire(const wire::Moment* moment) {
  if (moment == nullptr) return {};
  return {
      {moment->boot_high(), moment->boot_low()},
      moment->uptime(),
      moment->wall(),
  };
}

std::string text_of(const flatbuffers::String* text) {
  return text == nullptr ? std::string() : text->str();
}

flatbuffers::Offset<wire::TicketPeer> write_peer(flatbuffers::FlatBufferBuilder& builder,
                                                 const Peer& peer) {
  const Binding& binding = peer.binding;
  const auto session = peer.ticket.session.bytes();
  const auto host = builder.CreateString(binding.host);
  const auto server_name = builder.CreateString(binding.server_name);
  const auto alpn = builder.CreateString(binding.alpn);
  const auto authorities = builder.CreateVector(binding.authorities);
  const auto identity = builder.CreateVector(binding.identity);
  const auto proven = builder.CreateVectorOfStructs(pinning::to_wire(peer.ticket.proven));
  const auto ticket = builder.CreateVector(session.data(), session.size());
  const auto received = to_wire(peer.received);
  const auto full = to_wire(peer.chain.full);
  const auto seen = to_wire(peer.chain.seen);
  return wire::CreateTicketPeer(
      builder, host, binding.port, server_name, alpn, binding.trust, authorities, identity,
      binding.library, binding.pin_set_version, proven, ticket, peer.lifetime, &received,
      peer.offers, &full, &seen, peer.chain.lived, peer.chain.resumptions, peer.costs.with_ticket,
      peer.costs.without, peer.costs.since_look, peer.costs.refused_in_a_row);
}

// @return why it is none, or nothing.
std::string read_peer(const wire::TicketPeer& table, Peer& peer) {
  Binding& binding = peer.binding;
  binding.host = text_of(table.host());
  binding.port = table.port();
  binding.server_name = text_of(table.server_name());
  binding.alpn = text_of(table.alpn());
  binding.trust = table.trust();
  binding.authorities = pinning::copy_bytes(table.authorities());
  binding.identity = pinning::copy_bytes(table.identity());
  binding.library = table.library();
  binding.pin_set_version = table.pin_set_version();
  for (const std::string* name : {&binding.host, &binding.server_name, &binding.alpn}) {
    if (name->size() > kMaxNameBytes) return "a name in it is too long";
  }
  for (const auto* digest : {&binding.authorities, &binding.identity}) {
    if (!digest->empty() && digest->size() != kDigestBytes) return "a digest in it has no 32 bytes";
  }
  if (!pinning::take_pins(table.proven(), limits::kMaxPins, peer.ticket.proven)) {
    return "it has a pin twice, or too many pins";
  }
  if (table.session() != nullptr) {
    if (table.session()->size() > limits::kMaxTicketBytes) return "a session in it is too long";
    peer.ticket.session = Secret(std::span(table.session()->data(), table.session()->size()));
  }
  if (!peer.ticket.session.empty() && peer.ticket.proven.empty()) {
    return "a session in it rests on no key";
  }
  peer.lifetime = table.lifetime();
  peer.received = from_wire(table.received());
  peer.offers = table.offers();
  peer.chain = {from_wire(table.full()), from_wire(table.seen()), table.lived(),
                table.resumptions()};
  peer.costs = {table.cost_with_ticket(), table.cost_without(), table.since_look(),
                table.refused_in_a_row()};
  return {};
}

}  // namespace

Secret TicketStore::encode() const {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<wire::TicketPeer>> peers;
  for (const Peer& peer : peers_) peers.push_back(write_peer(builder, peer));
  builder.Finish(wire::CreateTicketStore(builder, builder.CreateVector(peers)),
                 Schema<wire::TicketStore>::identifier.data());
  Secret bytes(std::span<const std::uint8_t>(builder.GetBufferPointer(), builder.GetSize()));
  wipe({builder.GetBufferPointer(), builder.GetSize()});
  return bytes;
}

std::string TicketStore::decode(std::span<const std::uint8_t> bytes) {
  peers_.clear();
  std::error_code error;
  const auto* table = verify<wire::TicketStore>(std::as_bytes(bytes), error);
  if (table == nullptr) return "it is not a ticket store: " + error.message();
  if (table->peers() == nullptr) return {};
  if (table->peers()->size() > limits::kMaxTicketPeers) return "it has too many brokers";
  std::vector<Peer> peers;
  for (const wire::TicketPeer* peer : *table->peers()) {
    const std::string why = read_peer(*peer, peers.emplace_back());
    if (!why.empty()) return why;
    const auto twin = std::find_if(peers.begin(), peers.end() - 1, [&](const Peer& other) {
      return other.binding.is_peer(peers.back().binding);
    });
    if (twin != peers.end() - 1) return "it has a broker twice";
  }
  peers_ = std::move(peers);
  return {};
}

}  // namespace holdfast::resumption
