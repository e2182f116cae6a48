// Does a device that reconnects again and again under load hold on to nothing? Slow; it has a
// label.

#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "integration/device_fixture.hpp"
#include "support/resources.hpp"
#include "support/subscriber.hpp"
#include "support/tcp_proxy.hpp"

namespace holdfast::test {
namespace {

using ManyReconnectionsTest = DeviceTest;

// Buffers settle at their high-water marks during the first connections, and this process's own
// publisher remembers each acknowledgement. 800 connections that lose 1.3 KiB each would show.
constexpr std::size_t kTolerance = 1024 * 1024;

struct Held {
  std::size_t heap_bytes = 0;
  std::size_t threads = 0;
  std::size_t descriptors = 0;
};

TEST_F(ManyReconnectionsTest, AThousandUnderInboundLoadLeakNothing) {
  // A log of every packet would be the biggest thing in this process.
  const auto broker = make_broker({.extra_lines = {"log_type none", "log_type information"}});
  TcpProxy proxy(broker->tls_port());
  Options options = options_for(proxy.port());
  options.backoff = {.base = 1ms, .cap = 1ms, .stable_after = 0ms};
  // No log of events here: it would grow.
  std::atomic<bool> subscribed{false};
  std::atomic<std::uint64_t> arrived{0};
  Device device(options);
  device.subscribe("flood", [&](const Message&) { ++arrived; });
  device.on_event([&](const Event& event) {
    if (event.kind == EventKind::subscribed) subscribed = true;
  });
  device.start();
  ASSERT_TRUE(eventually([&] { return subscribed.load(); }, kBound));
  Publisher publisher({.port = broker->plain_port()});

  std::uint64_t connections = 0;
  std::uint64_t cuts = 0;
  const auto cycle_until = [&](std::uint64_t wanted) {
    while (connections < wanted) {
      const std::uint64_t before = arrived;
      for (int n = 0; n < 20; ++n) publisher.publish("flood", "under inbound load");
      device.publish("up", as_payload("x"));
      // Up, and in the middle of the flood: a message of this round or of an earlier one has come.
      const bool flooded = eventually([&] { return arrived > before; }, kBound);
      if (!flooded) return false;
      if (proxy.cut_all(cuts % 2 == 0 ? TcpProxy::Cut::kReset : TcpProxy::Cut::kFinish) > 0) ++cuts;
      // The next round waits for the next connection, or a slow build publishes far more than it
      // can deliver.
      if (!eventually([&] { return device.ledger().connections > connections; }, kBound)) {
        return false;
      }
      connections = device.ledger().connections;
    }
    return true;
  };
  const auto held_at_rest = [&] {
    // At rest: connected, nothing under way, and what the old connections had is gone; nor does the
    // flood wait in this process.
    EXPECT_TRUE(publisher.wait_acks(kBound));
    EXPECT_TRUE(eventually(
        [&] {
          const Status status = device.status();
          return status.state == State::connected && status.waiting == 0 &&
                 proxy.connections_alive() == 1;
        },
        kBound));
    return Held{heap_in_use_bytes(), thread_count(), open_descriptors()};
  };

  ASSERT_TRUE(cycle_until(200)) << device.status().ledger.connections;
  const Held early = held_at_rest();
  ASSERT_TRUE(cycle_until(1'000)) << device.status().ledger.connections;
  Held late;
  EXPECT_TRUE(eventually(
      [&] {
        late = held_at_rest();
        return late.threads <= early.threads && late.descriptors <= early.descriptors &&
               late.heap_bytes < early.heap_bytes + kTolerance;
      },
      10s));
  RecordProperty("heap_early", std::to_string(early.heap_bytes));
  RecordProperty("heap_late", std::to_string(late.heap_bytes));
  EXPECT_LT(late.heap_bytes, early.heap_bytes + kTolerance);
  EXPECT_LE(late.threads, early.threads);
  EXPECT_LE(late.descriptors, early.descriptors);
  EXPECT_GE(cuts, 900u);
  const StopResult result = device.stop();
  EXPECT_TRUE(result.clean);
  EXPECT_EQ(result.undelivered, 0u);
}

}  // namespace
}  // namespace holdfast::test
