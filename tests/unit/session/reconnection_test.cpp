// How often a device comes back: a fleet that dials in a tight loop costs its owner a fortune.

#include <gtest/gtest.h>

#include <random>

#include "harness.hpp"

namespace holdfast::session {
namespace {

Random seeded(unsigned seed) {
  return [engine = std::mt19937_64(seed)]() mutable {
    return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
  };
}

// A broker that ends each connection `life` after the login.
void accept_then_close(Harness& run, Duration life, Duration until) {
  run.start();
  while (run.elapsed() < until) {
    if (run.session.state() == State::connecting) {
      run.dialled();
      run.logged_in();
      run.run_for(life);
      run.ended();
    }
    const auto next = run.session.tick(run.now());
    run.collect();
    run.run_for(next ? std::max<Duration>(*next - run.now(), 1ms) : Duration(1s));
  }
}

TEST(SessionReconnection, StaysSlowWithABrokerThatAcceptsAndCloses) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    Harness run(Config{}, seeded(seed));
    accept_then_close(run, 0s, 1h);
    // Three times with the short waits, then each 10 to 20 min: it may be a twin.
    EXPECT_LE(run.count<Dial>(), 3U + 6U) << "seed " << seed;
    EXPECT_GE(run.count<Dial>(), 3U + 2U) << "seed " << seed;
    EXPECT_GE(run.count<Duplicate>(), 1U);
  }
}

TEST(SessionReconnection, StaysSlowWithABrokerThatClosesJustBeforeTheConnectionIsStable) {
  Harness run;  // waits are half the bound: 0.5, 1 s, then 15 min
  accept_then_close(run, limits::kStableTime - 1ms, 1h);
  EXPECT_LE(run.count<Dial>(), 3U + 4U);
  EXPECT_GE(run.session.attempts(), 3U);
}

TEST(SessionReconnection, StaysSlowWithAPeerThatAcceptsTcpAlone) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    Harness run(Config{}, seeded(seed));
    run.start();
    while (run.elapsed() < 1h) {
      run.ended(Errc::connection_lost);
      run.run_for(run.last<Wait>().time);
    }
    // 9 attempts until the cap of 5 min is reached; then a mean wait of 150 s: 24 in an hour.
    EXPECT_LE(run.count<Dial>(), 9U + 40U) << "seed " << seed;
    EXPECT_EQ(run.count<Duplicate>(), 0U) << "nobody had logged in";
  }
}

TEST(SessionReconnection, BeginsAnewAfterAStableConnection) {
  Harness run;
  run.start();
  for (int i = 0; i < 8; ++i) {
    run.ended(Errc::unreachable);
    run.run_for(run.last<Wait>().time);
  }
  ASSERT_EQ(run.last<Wait>().time, 64s);
  run.dialled();
  run.logged_in();
  run.run_for(limits::kStableTime);
  run.ended();
  EXPECT_EQ(run.last<Wait>().time, 500ms);
}

TEST(SessionReconnection, DoesNotBeginAnewAfterAConnectionThatWasNotStable) {
  Harness run;
  run.start();
  for (int i = 0; i < 8; ++i) {
    run.ended(Errc::unreachable);
    run.run_for(run.last<Wait>().time);
  }
  run.dialled();
  run.logged_in();
  run.run_for(limits::kStableTime - 1ms);
  run.ended();
  EXPECT_EQ(run.last<Wait>().time, 128s);
}

TEST(SessionReconnection, TakesTheTimeOfAStableConnectionFromItsLoginAndNotFromTheDial) {
  Harness run;
  run.start();
  run.run_for(60s);
  run.dialled();
  run.run_for(29s);
  run.logged_in();
  run.ended();
  EXPECT_EQ(run.last<Wait>().time, 500ms);
  run.run_for(500ms);
  run.ended();
  EXPECT_EQ(run.last<Wait>().time, 1s);
}

}  // namespace
}  // namespace holdfast::session
