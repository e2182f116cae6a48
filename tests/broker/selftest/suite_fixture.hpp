// Runs the real `holdfast-broker-test` against a broker, and reads its JSON.

#pragma once

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "support/keys.hpp"
#include "support/mosquitto.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::broker_test {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

struct SuiteRun {
  int status = -1;
  std::string output;
  Json json;

  std::set<std::string> with(const std::string& verdict) const;
  /// Those that failed and were not accepted.
  std::set<std::string> failed() const;
  /// Null if it did not run.
  Json check(const std::string& id) const;
  std::string verdict(const std::string& id) const;
};

/// What mosquitto 2.0.11 does wrong whatever its configuration says: where acknowledgements free
/// places, it fills them all and more (Receive Maximum), and what it discards as too large for a
/// client keeps its place in flight.
inline const std::set<std::string> kMosquittoFaults{"delivery.receive_maximum_down",
                                                    "delivery.packet_size_down_queue"};

/// What it is warned of whatever its configuration says: rules that it does not hold its clients
/// to, to nobody's harm but the sender's, and connections that say nothing.
inline const std::set<std::string> kMosquittoWarnings{
    "delivery.keep_alive",           "delivery.take_over_reason", "safety.auth_method",
    "safety.client_subscription_id", "safety.duplicate_qos_0",    "safety.flags",
    "safety.response_topic",         "safety.server_packets",     "safety.shared_filters",
    "safety.shared_no_local",        "safety.silent_peers"};

/// `--accept` for each of them.
Words accepting(const std::set<std::string>& ids);

class SuiteTest : public ::testing::Test {
 protected:
  SuiteTest();

  /// `holdfast-broker-test --broker … --pin … WORDS…` with this test's key and a JSON file.
  SuiteRun run(std::uint16_t port, const Words& more = {});
  /// A mosquitto with TLS and this test's key, started.
  std::unique_ptr<test::Mosquitto> make_broker(test::MosquittoOptions options = {});

  test::TempDir dir_;
  test::Identity key_;
  test::Identity backup_;
  bool knows_backup_ = true;  ///< `run` gives its pin

  static constexpr std::chrono::seconds kRunBound{480};
};

}  // namespace holdfast::broker_test
