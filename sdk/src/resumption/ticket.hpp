// A TLS session that may be resumed, what it is bound to, and what it rests on. Pure.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "pinning/pin.hpp"
#include "resumption/moment.hpp"

namespace holdfast::resumption {

/// Everything that was part of the verdict on the full handshake. TLS itself resumes a session
/// under another name, with other authorities and for another client.
struct Binding {
  std::string host;
  std::uint16_t port = 0;
  std::string server_name;                ///< of SNI; empty: none
  std::string alpn;                       ///< the protocols that were offered; empty: none
  std::uint8_t trust = 0;                 ///< the TrustMode
  std::vector<std::uint8_t> authorities;  ///< a digest; empty: none
  std::vector<std::uint8_t> identity;     ///< a digest of the device's certificate; empty: none
  std::uint32_t library = 0;              ///< which TLS library wrote the session
  std::uint64_t pin_set_version = 0;

  bool operator==(const Binding&) const = default;
  /// The same broker, whatever else has changed.
  bool is_peer(const Binding& other) const { return host == other.host && port == other.port; }
};

/// What a handshake needs to resume.
struct Ticket {
  Secret session;                    ///< in the TLS library's own form
  std::vector<pinning::Pin> proven;  ///< by the full handshake that it descends from
};

/// What came from the broker.
struct NewTicket {
  Secret session;
  std::uint32_t lifetime = 0;  ///< seconds, as the broker says
};

/// The time since the last full handshake. Every later ticket inherits it.
struct Chain {
  Moment full;                    ///< when it was
  Moment seen;                    ///< when this was written down last
  std::uint64_t lived = 0;        ///< seconds known to have passed from `full` to `seen`
  std::uint32_t resumptions = 0;  ///< that were tried since
};

/// How a handshake went.
enum class Way {
  full,     ///< no ticket was offered
  resumed,  ///< the ticket was taken
  refused,  ///< it was not: a full handshake, and the ticket on top
};

/// What a connection costs with this broker, in bytes of TLS both ways, from the first one to the
/// tickets; smoothed. 0: not known.
struct Costs {
  std::uint32_t with_ticket = 0;  ///< a ticket was offered, whatever came of it
  std::uint32_t without = 0;
  std::uint32_t since_look = 0;        ///< connections since the dearer way was tried
  std::uint32_t refused_in_a_row = 0;  ///< tickets, since the last one that was taken
};

/// All that is known of one broker.
struct Peer {
  Binding binding;
  Ticket ticket;  ///< `session` is empty: none
  std::uint32_t lifetime = 0;
  Moment received;
  std::uint32_t offers = 0;  ///< of this ticket
  Chain chain;
  Costs costs;
};

}  // namespace holdfast::resumption
