// The tickets of a device: which is offered, what becomes of it, and their form as bytes. Pure; who
// owns it keeps `encode()` wherever it outlives the process, before what changed counts.
//
// A ticket is used once (RFC 8446 appendix C.4: whoever sees one twice can link two connections,
// and a server may refuse the second). OpenSSL's servers, mosquitto among them, send a new one
// after each resumption, so nothing is lost by that. A broker that sends none costs a full
// handshake every second connection. Only a ticket that nobody has answered is offered again, a few
// times.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <holdfast/options.hpp>

#include "pinning/trusted_keys.hpp"
#include "resumption/ticket.hpp"

namespace holdfast::resumption {

class TicketStore {
 public:
  explicit TicketStore(Resumption options = {}) : options_(options) {}

  /// What an earlier process left. @return why it is not used, or nothing.
  std::string decode(std::span<const std::uint8_t> bytes);
  Secret encode() const;

  /// The ticket for a handshake that begins. It is taken out, and counted, at once. Empty where
  /// there is none, it is too old, the binding is another, these keys do not trust it, or a full
  /// handshake is cheaper. With another binding all that is known of that broker is forgotten.
  std::optional<Ticket> offer(const Binding& binding, const pinning::TrustedKeys& keys,
                              const Moment& now);
  /// The handshake ended before the broker had said anything: nobody has taken the ticket.
  void unanswered(const Binding& binding, Ticket ticket);

  /// A full handshake has a positive verdict.
  void proven(const Binding& binding, const std::vector<pinning::Pin>& pins, const Moment& now);

  /// A ticket came, over a connection that has cost so many bytes of TLS until now. Without a full
  /// handshake that it could descend from it is dropped.
  void received(const Binding& binding, NewTicket ticket, const Moment& now);
  /// What that connection has cost, its tickets included.
  void cost(const Binding& binding, Way way, std::uint32_t bytes);

  const std::vector<Peer>& peers() const { return peers_; }
  /// Whether `encode()` has changed since the last call.
  bool take_changed();

 private:
  /// Only with exactly this binding: a connection that has been overtaken changes nothing.
  Peer* find(const Binding& binding);
  void forget_other_bindings(const Binding& binding);

  Resumption options_;
  std::vector<Peer> peers_;  // the one used last at the end
  bool changed_ = false;
};

}  // namespace holdfast::resumption
