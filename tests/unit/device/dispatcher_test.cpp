#include "device/dispatcher.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <memory>
#include <stdexcept>
#include <vector>

#include <holdfast/limits.hpp>

namespace holdfast::device {
namespace {

using testing::ElementsAre;

void ignore(const std::string&) {}

// Keeps the dispatcher's thread busy until it is let go, so that what is posted waits.
class Busy {
 public:
  explicit Busy(Dispatcher& dispatcher) {
    dispatcher.post_notice([this] {
      begun_.count_down();
      gate_.wait();
    });
    begun_.wait();
  }
  ~Busy() { let_go(); }
  void let_go() {
    if (!std::exchange(gone_, true)) gate_.count_down();
  }

 private:
  std::latch begun_{1};
  std::latch gate_{1};
  bool gone_ = false;
};

TEST(Dispatcher, RunsEverythingInOrderOnOneThread) {
  std::vector<int> order;
  std::vector<std::thread::id> threads;
  {
    Dispatcher dispatcher(ignore);
    const auto job = [&](int i) {
      return [&, i] {
        order.push_back(i);
        threads.push_back(std::this_thread::get_id());
      };
    };
    for (int i = 0; i < 300; i += 3) {
      EXPECT_TRUE(dispatcher.post_message(1, job(i)));
      EXPECT_TRUE(dispatcher.post_event(job(i + 1)));
      dispatcher.post_notice(job(i + 2));
    }
    dispatcher.finish();
  }
  ASSERT_EQ(order.size(), 300U);
  for (int i = 0; i < 300; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
  for (const auto id : threads) EXPECT_EQ(id, threads.front());
  EXPECT_NE(threads.front(), std::this_thread::get_id());
}

TEST(Dispatcher, BoundsMessagesByTheirNumber) {
  Dispatcher dispatcher(ignore);
  Busy busy(dispatcher);
  for (std::size_t i = 0; i < limits::kInboundMessages; ++i)
    ASSERT_TRUE(dispatcher.post_message(1, [] {}));
  EXPECT_FALSE(dispatcher.post_message(1, [] {}));
  EXPECT_TRUE(dispatcher.post_event([] {})) << "events have a bound of their own";
}

TEST(Dispatcher, BoundsMessagesByTheirBytes) {
  Dispatcher dispatcher(ignore);
  Busy busy(dispatcher);
  ASSERT_TRUE(dispatcher.post_message(limits::kInboundBytes - 10, [] {}));
  EXPECT_FALSE(dispatcher.post_message(11, [] {}));
  EXPECT_TRUE(dispatcher.post_message(10, [] {}));
}

TEST(Dispatcher, TakesOneMessageOfAnySize) {
  Dispatcher dispatcher(ignore);
  Busy busy(dispatcher);
  EXPECT_TRUE(dispatcher.post_message(limits::kInboundBytes + 1, [] {}));
  EXPECT_FALSE(dispatcher.post_message(0, [] {}));
}

TEST(Dispatcher, BoundsEventsByTheirNumber) {
  Dispatcher dispatcher(ignore);
  Busy busy(dispatcher);
  for (std::size_t i = 0; i < limits::kEvents; ++i) ASSERT_TRUE(dispatcher.post_event([] {}));
  EXPECT_FALSE(dispatcher.post_event([] {}));
  EXPECT_TRUE(dispatcher.post_message(1, [] {}));
}

TEST(Dispatcher, NeverDropsANotice) {
  std::atomic<int> told{0};
  constexpr int kNotices = 5'000;
  {
    Dispatcher dispatcher(ignore);
    Busy busy(dispatcher);
    for (int i = 0; i < kNotices; ++i) dispatcher.post_notice([&] { ++told; });
    busy.let_go();
    dispatcher.finish();
  }
  EXPECT_EQ(told, kNotices);
}

TEST(Dispatcher, HasRoomAgainOnceJobsHaveRun) {
  Dispatcher dispatcher(ignore);
  for (int round = 0; round < 3; ++round) {
    Busy busy(dispatcher);
    for (std::size_t i = 0; i < limits::kInboundMessages; ++i)
      ASSERT_TRUE(dispatcher.post_message(1, [] {}));
    ASSERT_FALSE(dispatcher.post_message(1, [] {}));
    busy.let_go();
    std::promise<void> done;
    dispatcher.post_notice([&] { done.set_value(); });
    done.get_future().wait();
  }
}

TEST(Dispatcher, TurnsAnExceptionIntoAComplaintAndGoesOn) {
  std::vector<std::string> complaints;
  int ran = 0;
  {
    Dispatcher dispatcher([&](std::string what) { complaints.push_back(std::move(what)); });
    dispatcher.post_message(1, [] { throw std::runtime_error("broken handler"); });
    dispatcher.post_event([] { throw 42; });
    dispatcher.post_notice([&] { ++ran; });
    dispatcher.finish();
  }
  EXPECT_THAT(complaints, ElementsAre("broken handler", "something that is no std::exception"));
  EXPECT_EQ(ran, 1);
}

TEST(Dispatcher, TakesNothingMoreAfterItsEnd) {
  Dispatcher dispatcher(ignore);
  dispatcher.finish();
  bool ran = false;
  EXPECT_FALSE(dispatcher.post_message(1, [&] { ran = true; }));
  EXPECT_FALSE(dispatcher.post_event([&] { ran = true; }));
  dispatcher.post_notice([&] { ran = true; });
  EXPECT_FALSE(ran);
}

TEST(Dispatcher, MayBeEndedFromItsOwnThread) {
  std::atomic<int> ran{0};
  {
    Dispatcher dispatcher(ignore);
    dispatcher.post_notice([&] {
      dispatcher.finish();
      ++ran;
    });
    dispatcher.post_notice([&] { ++ran; });
  }
  EXPECT_GE(ran, 1);
}

TEST(Dispatcher, KnowsItsOwnThread) {
  Dispatcher dispatcher(ignore);
  EXPECT_FALSE(dispatcher.is_this_thread());
  std::promise<bool> inside;
  dispatcher.post_notice([&] { inside.set_value(dispatcher.is_this_thread()); });
  EXPECT_TRUE(inside.get_future().get());
}

TEST(Dispatcher, LetsGoOfAJobBeforeTheNextOne) {
  auto held = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = held;
  Dispatcher dispatcher(ignore);
  dispatcher.post_notice([held = std::move(held)] {});
  std::promise<bool> gone;
  dispatcher.post_notice([&] { gone.set_value(watch.expired()); });
  EXPECT_TRUE(gone.get_future().get());
}

}  // namespace
}  // namespace holdfast::device
