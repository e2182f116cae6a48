// Looks at the key of a TLS server and hangs up. This is the one place where Holdfast shakes hands
// with a peer that nobody vouches for: it belongs to the command and never to the library, and it
// sends not one byte of application data.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "dial.hpp"
#include "key_source.hpp"

namespace holdfast::cli {

struct ServerKeys {
  std::string address;  ///< that answered
  SeenKey leaf;         ///< proved by the handshake
  std::string subject;  ///< of the leaf; the server's own words, without control characters
  std::string not_before;
  std::string not_after;
  std::vector<SeenKey> above;  ///< keys of the other certificates it sent: proved by nobody
  /// What it sent, DER, its own first.
  std::vector<std::vector<std::uint8_t>> chain;
};

/// @param server HOST:PORT, port 8883 unless told; IPv6 addresses in brackets.
/// @throws CommandError: kNotReachable for no address, no answer in time, or a failed handshake.
ServerKeys look_at_server(const std::string& server, std::chrono::milliseconds timeout);

/// The same over a connection that stands. @param server named in the handshake (SNI)
/// @param alpn the protocol that is offered; empty: none
ServerKeys look_at(const Dialled& dialled, const channel::BrokerUrl& server, Deadline deadline,
                   std::string alpn = {});

}  // namespace holdfast::cli
