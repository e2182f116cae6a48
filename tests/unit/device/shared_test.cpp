// Does an event go to the handler that the app has set last?

#include "device/shared.hpp"

#include <gtest/gtest.h>

#include <future>
#include <string>

#include "support/event_wait.hpp"

namespace holdfast::device {
namespace {

using namespace std::chrono_literals;

constexpr auto kBound = 30s;

class EventHandlerTest : public ::testing::Test {
 protected:
  // The first event is in the handler, and the second waits behind it.
  void let_one_wait() {
    shared_.set_event_handler([this](const Event& event) {
      first_.append(event.detail);
      if (event.detail != "first") return;
      entered_.set_value();
      EXPECT_EQ(leave_.get_future().wait_for(kBound), std::future_status::ready);
    });
    shared_.emit(EventKind::warning, {}, "first");
    ASSERT_EQ(entered_.get_future().wait_for(kBound), std::future_status::ready);
    shared_.emit(EventKind::warning, {}, "second");
  }

  // Everything that waited has been handled.
  void finish() {
    leave_.set_value();
    shared_.dispatcher.finish();
  }

  test::EventLog<std::string> first_;
  test::EventLog<std::string> later_;
  std::promise<void> entered_;
  std::promise<void> leave_;
  Shared shared_{OutboxLimits{}, {}};
};

TEST_F(EventHandlerTest, ANewOneTakesWhatWaits) {
  ASSERT_NO_FATAL_FAILURE(let_one_wait());
  shared_.set_event_handler([this](const Event& event) { later_.append(event.detail); });
  finish();
  EXPECT_EQ(first_.all(), std::vector<std::string>{"first"});
  EXPECT_EQ(later_.all(), std::vector<std::string>{"second"});
}

TEST_F(EventHandlerTest, OneThatWasTakenAwayIsNotCalledAnyMore) {
  ASSERT_NO_FATAL_FAILURE(let_one_wait());
  shared_.set_event_handler({});
  finish();
  EXPECT_EQ(first_.all(), std::vector<std::string>{"first"});
}

}  // namespace
}  // namespace holdfast::device
