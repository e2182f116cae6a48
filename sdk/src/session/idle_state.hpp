// What is kept of the networks that a device has been in (docs/formats/idle_state.md). Pure.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "session/idle_interval.hpp"

namespace holdfast::session {

std::vector<std::uint8_t> encode_idle_state(const std::vector<IdleRecords::Row>& rows);

/// Empty, and `why` set, if it is not such a state. Values beyond the limits are brought within
/// them by `IdleRecords::restore`.
std::optional<std::vector<IdleRecords::Row>> decode_idle_state(std::span<const std::uint8_t> bytes,
                                                               std::string& why);

}  // namespace holdfast::session
