// The step "certificate" of `holdfast doctor`: what the broker shows, and what it costs in each
// full handshake.

#pragma once

#include <cstdint>
#include <optional>

#include "channel/broker_url.hpp"
#include "dial.hpp"
#include "doctor_report.hpp"
#include "look_at_server.hpp"

namespace holdfast::cli {

enum class Asked { pin_alone, authorities_too };

/// @param handshake_bytes TLS bytes of a full handshake of the device's, if one was made
Step describe_certificate(const ServerKeys& server, std::optional<std::uint64_t> handshake_bytes,
                          Asked asked);

}  // namespace holdfast::cli
