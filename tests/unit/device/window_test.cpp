#include "device/window.hpp"

#include <gtest/gtest.h>

namespace holdfast::device {
namespace {

using namespace std::chrono_literals;

// A window that is always full, and looked at every 10 ms.
class FullWindow {
 public:
  void behind_a_queue(std::uint64_t bytes_per_second, std::chrono::milliseconds time) {
    carry(bytes_per_second, time, {.smoothed = 1s, .shortest = 100ms});
  }
  // Each round trip carries the whole window.
  void without_a_queue(std::chrono::milliseconds round_trip) {
    const std::uint64_t rate = bytes() * 1'000 / static_cast<std::uint64_t>(round_trip.count());
    carry(rate, round_trip + 10ms, {.smoothed = round_trip, .shortest = round_trip});
  }
  void carry(std::uint64_t bytes_per_second, std::chrono::milliseconds time,
             const channel::RoundTrips& round_trips) {
    for (auto end = now_ + time; now_ < end; now_ += 10ms) {
      window_.measure(now_, delivered_, round_trips);
      delivered_ += bytes_per_second / 100;
    }
  }
  void idle(std::chrono::milliseconds time) { now_ += time; }
  std::size_t bytes() const { return window_.bytes(); }

 private:
  Window window_;
  Instant now_ = Instant(1h);
  std::uint64_t delivered_ = 0;
};

TEST(Window, HoldsEightKibibytesBeforeAnythingWasMeasured) {
  EXPECT_EQ(Window().bytes(), 8'192U);
}

TEST(Window, BeginsSmallOnALongWay) {
  Window window;
  window.begin(200ms);
  EXPECT_EQ(window.bytes(), limits::kInitialWindowBytes);
  window.begin(600ms);
  EXPECT_EQ(window.bytes(), limits::kMinWindowBytes);
}

TEST(Window, HoldsWhatASlowLinkHasCarriedInTwoSeconds) {
  FullWindow window;
  window.behind_a_queue(2'000, 3s);
  EXPECT_EQ(window.bytes(), 4'000U);
  window.behind_a_queue(10'000, 3s);
  EXPECT_EQ(window.bytes(), 20'000U);
}

TEST(Window, ShrinksToItsLeastAndNoFurther) {
  FullWindow window;
  window.behind_a_queue(100, 3s);
  EXPECT_EQ(window.bytes(), limits::kMinWindowBytes);
}

TEST(Window, DoesNotShrinkBecauseThereWasLittleToSend) {
  FullWindow window;
  window.carry(100, 3s, {.smoothed = 100ms, .shortest = 100ms});
  EXPECT_EQ(window.bytes(), limits::kInitialWindowBytes);
}

TEST(Window, DoesNotTakeASilenceForASlowLink) {
  FullWindow window;
  window.behind_a_queue(10'000, 3s);
  window.idle(10min);
  window.behind_a_queue(10'000, 500ms);
  EXPECT_EQ(window.bytes(), 20'000U);
}

// On a slow link acknowledgements come seconds apart: what comes in one of them is no rate.
TEST(Window, MeasuresOverARoundTripAtLeast) {
  FullWindow window;
  window.carry(0, 4s, {.smoothed = 5s, .shortest = 500ms});
  window.carry(100'000, 10ms, {.smoothed = 5s, .shortest = 500ms});  // 1,000 bytes at once
  window.carry(0, 2s, {.smoothed = 5s, .shortest = 500ms});
  EXPECT_EQ(window.bytes(), limits::kMinWindowBytes);
}

TEST(Window, GrowsWithoutAQueueByWhatARoundTripCarries) {
  FullWindow window;
  window.behind_a_queue(100, 3s);
  window.idle(1min);
  window.without_a_queue(100ms);
  EXPECT_GT(window.bytes(), 15 * limits::kMinWindowBytes);
  EXPECT_LE(window.bytes(), 20 * limits::kMinWindowBytes);
  window.without_a_queue(100ms);
  window.without_a_queue(100ms);
  EXPECT_EQ(window.bytes(), limits::kMaxWindowBytes);
}

TEST(Window, GrowsNoFurtherThanItsMost) {
  FullWindow window;
  window.behind_a_queue(100'000'000, 3s);
  EXPECT_EQ(window.bytes(), limits::kMaxWindowBytes);
}

}  // namespace
}  // namespace holdfast::device
