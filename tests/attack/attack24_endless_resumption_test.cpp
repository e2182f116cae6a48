// A broker goes on resuming after its key was stolen and replaced. The chain of resumptions ends at
// a bound that is counted from the last full handshake: with a real broker, in virtual time.

#include "attack/resumption_fixture.hpp"
#include "device/trusted_time.hpp"
#include "integration/handshakes.hpp"

namespace holdfast::test {
namespace {

using resumption::Moment;

class Attack24Test : public ResumptionAttackTest {
 protected:
  static constexpr std::uint64_t kHour = 3600;

  Attack24Test() : broker_(make_broker()) {}

  void use(Resumption options) { tickets_.emplace(options); }
  Moment& now() { return tickets_->now; }

  // One connection, up to its ticket; in a process of its own, as far as the tickets know.
  // @return 'F' for a full handshake, 'R' for a resumed one, '?' for none
  char connect() {
    tickets_->restart();
    const auto bill = shake_hands(broker_->tls_port(), keys_, {}, *tickets_, kBound);
    if (!bill.handshaken) return '?';
    return bill.resumed ? 'R' : 'F';
  }

  std::unique_ptr<Mosquitto> broker_;
  std::optional<VirtualTickets> tickets_;
  pinning::SharedKeys keys_ = std::make_shared<const pinning::TrustedKeys>(
      pinning::PinSet({key_.pin, backup_.pin}, PinCount::at_least_two));
};

TEST_F(Attack24Test, Attack24_TheChainEndsAtItsAge) {
  use({.max_age = 3h});
  std::string kinds;
  for (int i = 0; i < 9; ++i) {
    kinds += connect();
    now().uptime += kHour;
  }
  EXPECT_EQ(kinds, "FRRRFRRRF");
}

TEST_F(Attack24Test, Attack24_WithinTheBoundItGoesOn_Good) {
  use({.max_age = 24h});
  std::string kinds;
  for (int i = 0; i < 9; ++i) {
    kinds += connect();
    now().uptime += kHour;
  }
  EXPECT_EQ(kinds, "FRRRRRRRR");
}

TEST_F(Attack24Test, Attack24_WithoutAClockTheChainEndsAtItsNumberAlsoOverReboots) {
  use({.max_without_clock = 3});
  std::string kinds;
  for (std::uint64_t boot = 1; boot <= 9; ++boot) {
    now() = {{boot, boot}, 20, 0};
    kinds += connect();
  }
  EXPECT_EQ(kinds, "FRRRFRRRF");
}

TEST_F(Attack24Test, Attack24_WithAClockTheNumberDoesNotCount_Good) {
  use({.max_without_clock = 3});
  std::string kinds;
  for (std::uint64_t boot = 1; boot <= 9; ++boot) {
    now() = {{boot, boot}, 20, 1'800'000'000 + boot * 600};
    kinds += connect();
  }
  EXPECT_EQ(kinds, "FRRRRRRRR");
}

TEST_F(Attack24Test, Attack24_AClockThatIsSetBackBuysNoTime) {
  use({.max_age = 3h, .max_without_clock = 3});
  std::string kinds;
  for (std::uint64_t boot = 1; boot <= 5; ++boot) {
    now() = {{boot, boot}, 20, 1'800'000'000 - boot * kHour};
    kinds += connect();
  }
  EXPECT_EQ(kinds, "FRRRF");
}

TEST_F(Attack24Test, Attack24_TimePoweredOffCountsWhereTheClockKnowsIt) {
  use({.max_age = 1h});
  std::string kinds;
  kinds += connect();
  now() = {{1, 1}, 200, 1'800'000'000};
  kinds += connect();
  now() = {{2, 2}, 20, 1'800'000'000 + kHour + 1};
  kinds += connect();
  EXPECT_EQ(kinds, "FRF");
}

// Not a chain's end but a ticket's: mosquitto's live for two hours.
TEST_F(Attack24Test, Attack11_ATicketThatHasExpired) {
  use({});
  std::string kinds;
  kinds += connect();
  now().uptime += 2 * kHour - 1;
  kinds += connect();
  now().uptime += 2 * kHour;
  kinds += connect();
  EXPECT_EQ(kinds, "FRF");
}

// The same with the device as it is, in one boot.
TEST_F(Attack24Test, Attack24_ADeviceWithoutAClockCountsAcrossRestarts) {
  if (device::synchronised_system_time()) {
    GTEST_SKIP() << "this machine's clock is synchronised: the number does not count";
  }
  Options options = keeping(broker_->tls_port());
  options.resumption.max_without_clock = 2;
  expect_full(options);
  expect_resumed(options);
  expect_resumed(options);
  expect_full(options);
  expect_resumed(options);
}

TEST_F(Attack24Test, Attack24_NeverMeansNever) {
  Options options = keeping(broker_->tls_port());
  expect_full(options);
  options.resumption.mode = ResumptionMode::never;
  expect_full(options);
  expect_full(options);
  options.resumption.mode = ResumptionMode::always;
  expect_full(options);
  expect_resumed(options);
}

}  // namespace
}  // namespace holdfast::test
