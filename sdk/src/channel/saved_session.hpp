// TLS sessions as bytes, in wolfSSL's own form, which only the version reads that wrote it.

#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "resumption/ticket.hpp"

struct WOLFSSL;

namespace holdfast::channel {

/// The session of a connection that has been given a ticket; empty without one.
std::optional<resumption::NewTicket> save_session(WOLFSSL* connection);

/// Lets the next handshake of this connection offer the ticket. @return false if wolfSSL does not
/// take it: then the handshake will be a full one.
bool restore_session(WOLFSSL* connection, std::span<const std::uint8_t> session);

/// What tells versions of the library apart.
std::uint32_t library_version();

}  // namespace holdfast::channel
