// What a wolfSSL error means to a person.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/failure.hpp"

struct WOLFSSL;

namespace holdfast::channel {

/// The error that wolfSSL has just returned for `session`, in plain words with the mend.
Failure explain_tls_error(WOLFSSL* session, int result);

/// The fatal alert that the peer has sent, if it has.
std::optional<int> fatal_alert_of_peer(WOLFSSL* session);

/// Whether the first bytes of a peer can be the beginning of a TLS record (RFC 8446 section 5.1).
/// Empty input can be.
bool may_be_tls(std::span<const std::uint8_t> first_bytes);

/// A failure that shows what a peer sent instead of TLS.
Failure explain_foreign_protocol(std::span<const std::uint8_t> first_bytes);

}  // namespace holdfast::channel
