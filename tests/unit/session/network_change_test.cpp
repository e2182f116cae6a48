// What a change of the network is good for, and how often.

#include <gtest/gtest.h>

#include "harness.hpp"

namespace holdfast::session {
namespace {

class NetworkChange : public testing::Test {
 protected:
  void changed() {
    run_.session.network_changed(run_.now());
    run_.collect();
    run_.run_for(0s);
  }
  // Fails until the waits are long.
  void fail_for_long() {
    run_.start();
    for (int n = 0; n < 9; ++n) {
      run_.ended(Errc::unreachable);
      run_.run_for(run_.last<Wait>().time);
    }
    run_.ended(Errc::unreachable);
    dials_ = run_.count<Dial>();
  }

  Harness run_;
  std::size_t dials_ = 0;
};

TEST_F(NetworkChange, EndsALongWaitAtOnce) {
  fail_for_long();
  ASSERT_EQ(run_.last<Wait>().time, 150s);
  run_.run_for(10s);
  changed();
  EXPECT_EQ(run_.count<Dial>(), dials_ + 1);
}

TEST_F(NetworkChange, OfAnInterfaceThatFlapsMakesNoStorm) {
  fail_for_long();
  const Duration begin = run_.elapsed();
  while (run_.elapsed() - begin < 10min) {
    changed();
    if (run_.session.state() == State::connecting) run_.ended(Errc::unreachable);
    run_.run_for(100ms);
  }
  EXPECT_LE(run_.count<Dial>() - dials_, 3U * (10U * 60U / 5U + 1U));
  EXPECT_GE(run_.count<Dial>() - dials_, 10U * 60U / 5U - 10U) << "and it does try";
}

// First an address, then a route: an attempt in between has failed at once.
TEST_F(NetworkChange, IsTakenPieceByPiece) {
  fail_for_long();
  for (std::size_t piece = 1; piece <= 3; ++piece) {
    run_.run_for(300ms);
    changed();
    EXPECT_EQ(run_.count<Dial>(), dials_ + piece);
    run_.ended(Errc::unreachable);
  }
  changed();
  EXPECT_EQ(run_.count<Dial>(), dials_ + 3) << "no network has so many pieces";
  run_.run_for(5s);
  EXPECT_EQ(run_.count<Dial>(), dials_ + 4);
}

TEST_F(NetworkChange, ThatComesLaterIsAnother) {
  fail_for_long();
  changed();
  run_.ended(Errc::unreachable);
  run_.run_for(1100ms);
  changed();
  EXPECT_EQ(run_.count<Dial>(), dials_ + 1);
  run_.run_for(3900ms);
  EXPECT_EQ(run_.count<Dial>(), dials_ + 2);
}

TEST_F(NetworkChange, DoesNotPutAnAttemptOff) {
  run_.start();
  run_.ended(Errc::unreachable);  // 500 ms
  for (std::size_t n = 2; n <= 4; ++n) {
    changed();
    EXPECT_EQ(run_.count<Dial>(), n);
    run_.ended(Errc::unreachable);  // 1, 2, 4 s
  }
  changed();
  run_.run_for(run_.last<Wait>().time);
  EXPECT_EQ(run_.count<Dial>(), 5U);
}

TEST_F(NetworkChange, DoesNotEndAWaitThatTheBrokerAskedFor) {
  for (const Errc error : {Errc::session_taken_over, Errc::banned, Errc::server_busy,
                           Errc::quota_exceeded, Errc::bad_credentials}) {
    Harness run;
    run.start();
    run.dialled();
    run.ended(error);
    run.session.network_changed(run.now());
    run.run_for(1s);
    EXPECT_EQ(run.count<Dial>(), 1U) << make_error_code(error).message();
  }
}

TEST_F(NetworkChange, LeavesAConnectionAlone) {
  run_.bring_up();
  changed();
  run_.run_for(24h);
  EXPECT_EQ(run_.count<Ping>(), 0U);
  EXPECT_TRUE(run_.session.is_up());
}

TEST_F(NetworkChange, IsNothingBeforeTheStartAndAfterTheEnd) {
  changed();
  EXPECT_EQ(run_.session.state(), State::idle);
  run_.start();
  run_.ended(Errc::unreachable);
  run_.stop();
  changed();
  EXPECT_EQ(run_.session.state(), State::stopped);
  EXPECT_EQ(run_.count<Dial>(), 1U);
}

}  // namespace
}  // namespace holdfast::session
