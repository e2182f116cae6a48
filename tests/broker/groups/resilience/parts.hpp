// What the checks of resilience share.

#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "check.hpp"
#include "stage.hpp"

namespace holdfast::broker_test {

/// For a broker that starts, or a node that takes over.
constexpr auto kComingBack = std::chrono::seconds(60);
constexpr std::uint8_t kFirstFailure = 0x80;

/// Tries until it is let in. @throws PeerError after `kComingBack`
std::unique_ptr<MqttPeer> log_in_again(Stage& stage, const Connect& packet);

/// A login whose session is kept for ten minutes, and thrown away when the check is over.
Connect keeping_session(Stage& stage, const std::string& name);

/// Those of two nodes.
std::vector<Check> node_checks();

}  // namespace holdfast::broker_test
