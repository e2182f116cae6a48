// Does a device keep its line through a NAT that forgets idle connections and tells nobody? With
// real probes of a real kernel; the least interval between them is half a minute, so this takes
// minutes, and the label is "full". tests/unit/session has a month of it in virtual time.

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "channel/network_key.hpp"
#include "link/link_fixture.hpp"
#include "session/idle_state.hpp"
#include "state/slots.hpp"
#include "support/subscriber.hpp"

namespace holdfast::test {
namespace {

class NatTest : public LinkTest, public testing::WithParamInterface<std::chrono::seconds> {
 protected:
  // What was learned in other networks is a little too long for this one.
  static constexpr auto kBefore = 36s;

  void SetUp() override {
    LinkTest::SetUp();
    if (IsSkipped()) return;
    state_ = dir_.path() / "state";
    std::filesystem::create_directory(state_);
    here_ = channel::network_key(asio::ip::make_address(link::Link::kNear));
    state::Slots slots(state_, "idle", 1);
    std::string remark;
    slots.load(remark);
    ASSERT_FALSE(slots.store(
        session::encode_idle_state({{.network = here_, .record = {.probe = kBefore}}})));
  }

  std::optional<session::IdleRecord> learned() const {
    state::Slots slots(state_, "idle", 1);
    std::string remark;
    const auto content = slots.load(remark);
    if (!content) return std::nullopt;
    const auto rows = session::decode_idle_state(*content, remark);
    if (!rows || rows->empty() || rows->front().network != here_) return std::nullopt;
    return rows->front().record;
  }

  /// Whether the line holds through a silence in which the NAT would forget it twice, and a message
  /// comes through at the end of it.
  void expect_to_hold(WatchedDevice& device, const Mosquitto& broker) {
    const std::size_t deaths = device.events_of(EventKind::disconnected).size();
    EXPECT_FALSE(device.wait_for(EventKind::disconnected, deaths + 1, 2 * GetParam()));
    const link::Inside inside(link_->far_network());
    Publisher publisher({.port = broker.plain_port()});
    publisher.publish("down/1", "are you there?");
    EXPECT_TRUE(device.received().wait_for_count(1, kBound));
    EXPECT_EQ(device.events_of(EventKind::disconnected).size(), deaths);
  }

  std::filesystem::path state_;

 private:
  std::uint64_t here_ = 0;
};

TEST_P(NatTest, IsLearnedFromOneDeathAndTheLineHoldsFromThenOnAlsoAfterARestart) {
  const auto patience = GetParam();
  ASSERT_GT(patience, limits::kMinProbeInterval);
  ASSERT_LT(patience, kBefore);
  const auto broker = make_far_broker();
  link_->translate(patience);
  Options options = far_options(*broker);
  options.state_dir = state_;
  {
    WatchedDevice device(options);
    device.collect("down/#");
    device->start();
    ASSERT_TRUE(device.wait_for(EventKind::subscribed));
    const auto silent_since = std::chrono::steady_clock::now();
    // The first probe comes too late: the kernel gives the line up after three.
    const auto death = device.wait_for(EventKind::disconnected, 1, 2 * kBefore + 30s);
    ASSERT_TRUE(death);
    EXPECT_EQ(death->error, Errc::timed_out) << death->detail;
    EXPECT_GE(std::chrono::steady_clock::now() - silent_since, patience);

    ASSERT_TRUE(device.wait_for(EventKind::connected, 2));
    expect_to_hold(device, *broker);
    device->stop();
  }
  const auto record = learned();
  ASSERT_TRUE(record);
  EXPECT_LT(record->probe, patience);
  EXPECT_GE(record->ceiling, patience);

  WatchedDevice device(options);
  device.collect("down/#");
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::subscribed));
  expect_to_hold(device, *broker);
}

INSTANTIATE_TEST_SUITE_P(Full, NatTest, testing::Values(33s));

}  // namespace
}  // namespace holdfast::test
