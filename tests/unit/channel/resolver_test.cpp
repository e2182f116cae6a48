#include "channel/resolver.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <optional>
#include <thread>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include "support/event_wait.hpp"
#include "support/resources.hpp"

namespace holdfast::channel {
namespace {

using namespace std::chrono_literals;

const asio::ip::tcp::endpoint kAddress(asio::ip::make_address("192.0.2.1"), 8883);

struct Answer {
  Endpoints endpoints;
  Failure failure;
};

// Lookups that hang until they are let go, and how many do.
struct HangingLookups {
  std::latch gate{1};
  std::atomic<int> begun{0};
  std::atomic<int> ended{0};
};

class ResolverTest : public testing::Test {
 protected:
  ~ResolverTest() override {
    // The threads of the resolver belong to nobody: wait for them, for the sake of the sanitizers.
    if (!let_go_) hanging->gate.count_down();
    EXPECT_TRUE(test::eventually([this] { return hanging->ended == hanging->begun; }, 10s));
  }

  Lookup hang() {
    return [hanging = hanging](const std::string&, std::uint16_t, Failure&) {
      ++hanging->begun;
      hanging->gate.wait();
      struct End {
        HangingLookups& lookups;
        ~End() { ++lookups.ended; }
      } const end{*hanging};
      return Endpoints{kAddress};
    };
  }
  void let_go() {
    let_go_ = true;
    hanging->gate.count_down();
  }
  Resolver::Handler note() {
    return [this](Endpoints endpoints, Failure failure) {
      answers.push_back({std::move(endpoints), std::move(failure)});
    };
  }
  // Runs the executor until there are so many answers.
  bool wait_for_answers(std::size_t count) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (answers.size() < count && std::chrono::steady_clock::now() < end) {
      io.restart();
      io.run_one_for(50ms);
    }
    return answers.size() == count;
  }
  void run_what_is_there() {
    io.restart();
    io.poll();
  }

  asio::io_context io{1};
  std::vector<Answer> answers;
  std::shared_ptr<HangingLookups> hanging = std::make_shared<HangingLookups>();
  bool let_go_ = false;
};

TEST_F(ResolverTest, AnswersOnTheExecutor) {
  std::thread::id thread;
  Resolver resolver(io.get_executor(), [](const std::string& host, std::uint16_t port, Failure&) {
    EXPECT_EQ(host, "broker");
    return Endpoints{{kAddress.address(), port}};
  });
  resolver.resolve("broker", 8883, [&](Endpoints endpoints, Failure failure) {
    thread = std::this_thread::get_id();
    answers.push_back({std::move(endpoints), std::move(failure)});
  });
  ASSERT_TRUE(wait_for_answers(1));
  EXPECT_EQ(thread, std::this_thread::get_id());
  EXPECT_EQ(answers[0].endpoints, Endpoints{kAddress});
  EXPECT_FALSE(answers[0].failure);
}

TEST_F(ResolverTest, HandsAFailureOn) {
  Resolver resolver(io.get_executor(), [](const std::string&, std::uint16_t, Failure& failure) {
    failure = Failure(Errc::name_not_resolved, "no such name");
    return Endpoints{};
  });
  resolver.resolve("broker", 8883, note());
  ASSERT_TRUE(wait_for_answers(1));
  EXPECT_EQ(answers[0].failure.error, Errc::name_not_resolved);
}

TEST_F(ResolverTest, IsNotKeptWaitingByALookupThatHangs) {
  const auto begin = std::chrono::steady_clock::now();
  {
    Resolver resolver(io.get_executor(), hang());
    resolver.resolve("broker", 8883, note());
    ASSERT_TRUE(test::eventually([this] { return hanging->begun == 1; }, 10s));
    resolver.cancel();
    resolver.resolve("broker", 8883, note());
  }  // destroyed while two hang
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  EXPECT_EQ(hanging->ended, 0) << "they still hang, and nobody has waited for them";
}

TEST_F(ResolverTest, SendsTheAnswerOfACancelledLookupNowhere) {
  Resolver resolver(io.get_executor(), hang());
  resolver.resolve("broker", 8883, note());
  ASSERT_TRUE(test::eventually([this] { return hanging->begun == 1; }, 10s));
  resolver.cancel();
  let_go();
  ASSERT_TRUE(test::eventually([this] { return hanging->ended == 1; }, 10s));
  run_what_is_there();
  EXPECT_TRUE(answers.empty());
}

TEST_F(ResolverTest, SendsAnAnswerThatIsUnderWayWhenItIsCancelledNowhere) {
  Resolver resolver(io.get_executor(), [](const std::string&, std::uint16_t, Failure&) {
    return Endpoints{kAddress};
  });
  // The answer is in the executor's queue once the lookup's thread has ended. A handler that is
  // called after `cancel` may find its owner gone.
  const std::size_t threads = test::thread_count();
  resolver.resolve("broker", 8883, note());
  ASSERT_TRUE(test::eventually([&] { return test::thread_count() <= threads; }, 10s));
  resolver.cancel();
  run_what_is_there();
  EXPECT_TRUE(answers.empty());
}

TEST_F(ResolverTest, SendsTheAnswerNowhereAfterItsDestruction) {
  {
    Resolver resolver(io.get_executor(), hang());
    resolver.resolve("broker", 8883, note());
    ASSERT_TRUE(test::eventually([this] { return hanging->begun == 1; }, 10s));
  }
  let_go();
  ASSERT_TRUE(test::eventually([this] { return hanging->ended == 1; }, 10s));
  run_what_is_there();
  EXPECT_TRUE(answers.empty());
}

TEST_F(ResolverTest, AnswersOnlyTheLatestOfSeveral) {
  std::atomic<int> calls{0};
  const auto hanging_first = hang();
  Resolver resolver(io.get_executor(),
                    [&](const std::string& host, std::uint16_t port, Failure& failure) {
                      if (calls++ == 0) return hanging_first(host, port, failure);
                      return Endpoints{{asio::ip::make_address("192.0.2.2"), port}};
                    });
  resolver.resolve("broker", 8883, note());
  ASSERT_TRUE(test::eventually([this] { return hanging->begun == 1; }, 10s));
  resolver.cancel();
  resolver.resolve("broker", 8883, note());
  ASSERT_TRUE(wait_for_answers(1));
  let_go();
  ASSERT_TRUE(test::eventually([this] { return hanging->ended == 1; }, 10s));
  run_what_is_there();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].endpoints[0].address().to_string(), "192.0.2.2");
}

TEST_F(ResolverTest, LetsNoMoreLookupsHangThanAllowed) {
  Resolver resolver(io.get_executor(), hang());
  constexpr auto kMax = static_cast<int>(Resolver::kMaxHanging);
  for (int i = 0; i < kMax; ++i) {
    resolver.resolve("broker", 8883, note());
    ASSERT_TRUE(test::eventually([&] { return hanging->begun == i + 1; }, 10s));
    resolver.cancel();
  }
  resolver.resolve("broker", 8883, note());
  ASSERT_TRUE(wait_for_answers(1));
  EXPECT_EQ(answers[0].failure.error, Errc::name_not_resolved);
  EXPECT_NE(answers[0].failure.detail.find("broker"), std::string::npos);
  EXPECT_EQ(hanging->begun, kMax) << "no further thread";

  // The twin: once they have ended there is room again.
  let_go();
  ASSERT_TRUE(test::eventually([&] { return hanging->ended == kMax; }, 10s));
  std::optional<Answer> answer;
  ASSERT_TRUE(test::eventually(
      [&] {
        answers.clear();
        resolver.resolve("broker", 8883, note());
        return wait_for_answers(1) && !answers[0].failure;
      },
      10s));
}

TEST(SystemLookup, TakesAnAddressWithoutAskingAnybody) {
  Failure failure;
  const auto endpoints = system_lookup("127.0.0.1", 18'883, failure);
  ASSERT_FALSE(failure) << failure.detail;
  ASSERT_FALSE(endpoints.empty());
  EXPECT_EQ(endpoints[0].address().to_string(), "127.0.0.1");
  EXPECT_EQ(endpoints[0].port(), 18'883);
}

TEST(SystemLookup, FindsTheHostItself) {
  Failure failure;
  const auto endpoints = system_lookup("localhost", 1, failure);
  ASSERT_FALSE(failure) << failure.detail;
  ASSERT_FALSE(endpoints.empty());
  EXPECT_TRUE(endpoints[0].address().is_loopback());
}

TEST(SystemLookup, TellsWhichNameDoesNotResolve) {
  Failure failure;
  // RFC 6761: a name below .invalid never has an address.
  EXPECT_TRUE(system_lookup("broker.invalid", 1, failure).empty());
  EXPECT_EQ(failure.error, Errc::name_not_resolved);
  EXPECT_NE(failure.detail.find("broker.invalid"), std::string::npos);
}

}  // namespace
}  // namespace holdfast::channel
