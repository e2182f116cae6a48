// Which ticket is offered to whom, and what is left of it.

#include "resumption/ticket_store.hpp"

#include <gtest/gtest.h>

#include <functional>

#include <holdfast/limits.hpp>

namespace holdfast::resumption {
namespace {

pinning::Pin pin(std::uint8_t fill) {
  pinning::Pin pin;
  pin.digest.fill(fill);
  return pin;
}

Secret secret(std::string_view text) {
  return Secret(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

std::string text_of(const Secret& secret) {
  return {secret.bytes().begin(), secret.bytes().end()};
}

class TicketStoreTest : public testing::Test {
 protected:
  const pinning::Pin ours_ = pin(1);
  const pinning::Pin backup_ = pin(2);
  const Binding binding_{.host = "broker.test",
                         .port = 8883,
                         .server_name = "broker.test",
                         .library = 0x05005004,
                         .pin_set_version = 3};
  pinning::TrustedKeys keys_{3, {ours_, backup_}};
  Moment now_{{1, 2}, 100, 0};
  TicketStore store_;

  void connect_in_full(const Binding& binding, const std::string& ticket) {
    store_.proven(binding, {ours_}, now_);
    store_.received(binding, {secret(ticket), 7200}, now_);
  }
  std::string offered(const Binding& binding) {
    const auto ticket = store_.offer(binding, keys_, now_);
    return ticket ? text_of(ticket->session) : "none";
  }
  void restart() {
    const Secret bytes = store_.encode();
    store_ = TicketStore();
    ASSERT_EQ(store_.decode(bytes.bytes()), "");
  }
};

TEST_F(TicketStoreTest, HasNothingForAStranger) {
  EXPECT_EQ(offered(binding_), "none");
}

TEST_F(TicketStoreTest, OffersTheNewestTicketOnce) {
  connect_in_full(binding_, "first");
  store_.received(binding_, {secret("second"), 7200}, now_);
  EXPECT_EQ(offered(binding_), "second");
  EXPECT_EQ(offered(binding_), "none") << "it was used";
}

TEST_F(TicketStoreTest, SurvivesARestart) {
  connect_in_full(binding_, "ticket");
  restart();
  EXPECT_EQ(offered(binding_), "ticket");
  restart();
  EXPECT_EQ(offered(binding_), "none") << "that it was used survives as well";
}

TEST_F(TicketStoreTest, AnyOtherBindingForgetsIt) {
  const std::vector<std::function<void(Binding&)>> changes{
      [](Binding& other) { other.server_name = "elsewhere.test"; },
      [](Binding& other) { other.alpn = "mqtt"; },
      [](Binding& other) { other.trust = 1; },
      [](Binding& other) { other.authorities.assign(32, 7); },
      [](Binding& other) { other.identity.assign(32, 7); },
      [](Binding& other) { other.library = 0x05007002; },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    connect_in_full(binding_, "ticket");
    Binding other = binding_;
    changes[i](other);
    EXPECT_EQ(offered(other), "none") << i;
    EXPECT_EQ(offered(binding_), "none") << i << ": it was thrown away";
  }
}

TEST_F(TicketStoreTest, ANewerPinSetForgetsIt) {
  connect_in_full(binding_, "ticket");
  Binding newer = binding_;
  newer.pin_set_version = 4;
  keys_ = pinning::TrustedKeys(4, {ours_, backup_});
  EXPECT_EQ(offered(newer), "none");
}

TEST_F(TicketStoreTest, AnotherHostOrPortIsAnotherBroker) {
  connect_in_full(binding_, "ticket");
  Binding other = binding_;
  other.port = 443;
  EXPECT_EQ(offered(other), "none");
  other = binding_;
  other.host = "elsewhere.test";
  EXPECT_EQ(offered(other), "none");
  EXPECT_EQ(offered(binding_), "ticket");
}

TEST_F(TicketStoreTest, ARemovedPinForgetsIt) {
  connect_in_full(binding_, "ticket");
  const auto both = keys_;
  keys_ = pinning::TrustedKeys(3, {backup_});
  EXPECT_EQ(offered(binding_), "none");
  keys_ = both;
  EXPECT_EQ(offered(binding_), "none") << "for good";
}

TEST_F(TicketStoreTest, ARevokedPinForgetsIt) {
  connect_in_full(binding_, "ticket");
  keys_ = pinning::TrustedKeys(3, {ours_, backup_}, {}, {ours_});
  EXPECT_EQ(offered(binding_), "none");
}

TEST_F(TicketStoreTest, ASetThatWaitsForItsProofGetsAFullHandshake) {
  connect_in_full(binding_, "ticket");
  keys_ = pinning::TrustedKeys(3, {backup_}, {ours_});
  EXPECT_EQ(offered(binding_), "none");
}

TEST_F(TicketStoreTest, AnExpiredTicketIsForgotten) {
  connect_in_full(binding_, "ticket");
  const Moment before = now_;
  now_.uptime += 7200;
  EXPECT_EQ(offered(binding_), "none");
  now_ = before;
  EXPECT_EQ(offered(binding_), "none");
}

TEST_F(TicketStoreTest, ATicketThatNobodyAnsweredIsOfferedAFewTimes) {
  connect_in_full(binding_, "ticket");
  for (unsigned i = 0; i < limits::kTicketOffers; ++i) {
    auto ticket = store_.offer(binding_, keys_, now_);
    ASSERT_TRUE(ticket) << i;
    store_.unanswered(binding_, std::move(*ticket));
    restart();
  }
  EXPECT_EQ(offered(binding_), "none");
}

TEST_F(TicketStoreTest, LaterTicketsInheritTheAgeOfTheFullHandshake) {
  connect_in_full(binding_, "0");
  for (int hour = 1; hour <= 7 * 24; ++hour) {
    now_.uptime += 3600;
    now_.wall = 0;
    if (hour % 5 == 0) restart();
    const std::string ticket = offered(binding_);
    if (hour > static_cast<int>(limits::kResumptionsWithoutClock)) {
      EXPECT_EQ(ticket, "none") << "no clock, and so at most that many";
      return;
    }
    ASSERT_EQ(ticket, std::to_string(hour - 1));
    store_.received(binding_, {secret(std::to_string(hour)), 7200}, now_);
  }
  FAIL() << "it never ended";
}

TEST_F(TicketStoreTest, AFullHandshakeBeginsAnew) {
  connect_in_full(binding_, "old");
  store_.offer(binding_, keys_, now_);
  now_.uptime += 3600;
  connect_in_full(binding_, "new");
  const Peer& peer = store_.peers().front();
  EXPECT_EQ(peer.chain.resumptions, 0u);
  EXPECT_EQ(peer.chain.full, now_);
  EXPECT_EQ(offered(binding_), "new");
}

TEST_F(TicketStoreTest, ATicketWithoutAFullHandshakeIsDropped) {
  store_.received(binding_, {secret("whence"), 7200}, now_);
  EXPECT_TRUE(store_.peers().empty());
}

// A connection that ends late must not touch what the one after it has.
TEST_F(TicketStoreTest, AConnectionThatWasOvertakenChangesNothing) {
  connect_in_full(binding_, "old");
  Binding newer = binding_;
  newer.pin_set_version = 4;
  store_.proven(newer, {backup_}, now_);
  store_.received(newer, {secret("new"), 7200}, now_);
  store_.received(binding_, {secret("late"), 7200}, now_);
  store_.unanswered(binding_, {secret("late"), {ours_}});
  keys_ = pinning::TrustedKeys(4, {backup_});
  EXPECT_EQ(offered(newer), "new");
}

TEST_F(TicketStoreTest, KeepsTheTicketsOfAFewBrokers) {
  for (std::uint16_t port = 1; port <= limits::kMaxTicketPeers + 1; ++port) {
    Binding binding = binding_;
    binding.port = port;
    connect_in_full(binding, std::to_string(port));
  }
  EXPECT_EQ(store_.peers().size(), limits::kMaxTicketPeers);
  Binding binding = binding_;
  binding.port = 1;
  EXPECT_EQ(offered(binding), "none") << "the one that was used longest ago went";
}

TEST_F(TicketStoreTest, RefusesASessionThatIsTooLongOrNotToBeUsed) {
  store_.proven(binding_, {ours_}, now_);
  store_.received(binding_, {Secret(limits::kMaxTicketBytes + 1), 7200}, now_);
  store_.received(binding_, {secret("lifetime 0"), 0}, now_);
  EXPECT_EQ(offered(binding_), "none");
}

TEST_F(TicketStoreTest, TakesTheCheaperWayAndKeepsWhatItLearned) {
  connect_in_full(binding_, "1");
  store_.cost(binding_, Way::full, 1000);
  EXPECT_EQ(offered(binding_), "1");
  store_.cost(binding_, Way::resumed, 1500);
  store_.received(binding_, {secret("2"), 7200}, now_);
  restart();
  EXPECT_EQ(offered(binding_), "none") << "a full handshake is cheaper here";
  store_ = TicketStore({.mode = ResumptionMode::always});
  connect_in_full(binding_, "3");
  store_.cost(binding_, Way::full, 1000);
  store_.cost(binding_, Way::resumed, 1500);
  EXPECT_EQ(offered(binding_), "3");
}

TEST_F(TicketStoreTest, NeverKeepsNothing) {
  store_ = TicketStore({.mode = ResumptionMode::never});
  connect_in_full(binding_, "ticket");
  EXPECT_EQ(offered(binding_), "none");
}

TEST_F(TicketStoreTest, ReadsWhatItWrote) {
  now_.wall = 1'800'000'000;
  connect_in_full(binding_, "ticket");
  store_.cost(binding_, Way::full, 1400);
  const Peer before = store_.peers().front();
  restart();
  const Peer& after = store_.peers().front();
  EXPECT_EQ(after.binding, before.binding);
  EXPECT_EQ(after.ticket.proven, before.ticket.proven);
  EXPECT_EQ(after.lifetime, before.lifetime);
  EXPECT_EQ(after.received, before.received);
  EXPECT_EQ(after.chain.full, before.chain.full);
  EXPECT_EQ(after.costs.without, before.costs.without);
}

TEST_F(TicketStoreTest, RefusesWhatIsNoStore) {
  connect_in_full(binding_, "ticket");
  const Secret whole = store_.encode();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    TicketStore other;
    // Cut anywhere it is refused or, in the padding, read; never used half.
    EXPECT_TRUE(other.decode(whole.bytes().first(size)).empty() || other.peers().empty()) << size;
  }
  EXPECT_NE(store_.decode({}), "");
  EXPECT_EQ(offered(binding_), "none");
}

}  // namespace
}  // namespace holdfast::resumption
