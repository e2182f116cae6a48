// The same by the SDK's own device, with its ledger for a bill.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "device_run.hpp"
#include "groups/economy/parts.hpp"
#include "scratch_dir.hpp"

namespace holdfast::broker_test {
namespace {

using namespace std::chrono_literals;

struct SetUp {
  double bytes = 0;
  double closing_bytes = 0;
  bool resumed = false;
};

SetUp connect_once(Stage& stage, const ScratchDir& state) {
  Options options = stage.device_options("device");
  options.state_dir = state.path();
  options.session_expiry = 0s;
  options.resumption.mode = ResumptionMode::always;
  DeviceRun run(std::move(options));
  run.wait_connected(stage.deadline().within(stage.patience()));
  SetUp set_up;
  set_up.resumed = run.device().status().tls_resumed;
  set_up.bytes =
      static_cast<double>(run.settled_bill(stage.deadline().within(3s)).ip_bytes().sum());
  run.device().stop();
  set_up.closing_bytes =
      static_cast<double>(run.device().ledger().connection.ip_bytes().sum()) - set_up.bytes;
  return set_up;
}

void set_up(Stage& stage, Finding& finding) {
  const ScratchDir state;
  const SetUp full = connect_once(stage, state);
  const SetUp second = connect_once(stage, state);
  finding.figure("full", full.bytes, "bytes");
  finding.figure("second", second.bytes, "bytes");
  finding.figure("resumed", second.resumed ? 1 : 0);
  finding.figure("closing", full.closing_bytes, "bytes");
  // A mosquitto with one P-256 certificate takes 2,113 and 1,472 (docs/BENCHMARKS.md).
  constexpr double kDear = 3'000;
  if (full.bytes > kDear) {
    finding.warn("a full set-up takes " + std::to_string(static_cast<int>(full.bytes)) +
                 " bytes of IP");
  } else {
    finding.pass("a full set-up takes " + std::to_string(static_cast<int>(full.bytes)) +
                 " bytes of IP, the next one " + std::to_string(static_cast<int>(second.bytes)));
  }
}

void message(Stage& stage, Finding& finding) {
  Options options = stage.device_options("device");
  options.session_expiry = 0s;
  DeviceRun run(std::move(options));
  run.wait_connected(stage.deadline().within(stage.patience()));
  const auto settled = [&] { return run.settled_bill(stage.deadline().within(3s)).ip_bytes(); };
  const ByteCount before = settled();
  ByteCount after = before;
  constexpr unsigned kMessages = 5;
  std::vector<std::uint64_t> down;
  const std::string payload(44, 'x');
  for (unsigned i = 1; i <= kMessages; ++i) {
    run.device().publish(stage.topic("m"), as_payload(payload));
    run.wait_delivered(i, stage.deadline().within(stage.patience()));
    const ByteCount now = settled();
    down.push_back(now.down - after.down);
    after = now;
  }
  finding.figure("per_message", static_cast<double>(after.sum() - before.sum()) / kMessages,
                 "bytes");
  finding.only_figures();
  // What goes up is the device's own. Down it is a PUBACK in a record, 28 bytes, and a segment that
  // acknowledges, with headers of IPv6 and timestamps of TCP 72 each. The median: a link may lose.
  constexpr std::uint64_t kDear = 200;
  std::nth_element(down.begin(), down.begin() + kMessages / 2, down.end());
  if (down[kMessages / 2] > kDear) {
    finding.warn("the answer to a message takes " + std::to_string(down[kMessages / 2]) +
                 " bytes of IP: records are padded, or other bytes go with it");
  }
}

}  // namespace

std::vector<Check> economy_device_checks() {
  return {
      {.id = "economy.set_up",
       .title = "a device is connected for less than 3,000 bytes of IP",
       .reference = "practice",
       .meaning = "Every reconnection of every device is paid for.",
       .settings = {{"", "one self-signed P-256 certificate, and tickets that are good"}},
       .needs = Need::tls_1_3,
       .run = set_up},
      {.id = "economy.message",
       .title = "what a message of 44 bytes takes at QoS 1, by itself",
       .reference = "practice",
       .meaning = "Every message of every device is dearer than it has to be.",
       .needs = Need::tls_1_3,
       .run = message},
  };
}

}  // namespace holdfast::broker_test
