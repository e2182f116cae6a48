#include "device/window.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace holdfast::device {
namespace {

TEST(Window, HoldsEightKibibytesBeforeAnythingWasMeasured) {
  Window window;
  EXPECT_EQ(window.bytes(), 8'192U);
  window.measure(0, true);
  EXPECT_EQ(window.bytes(), 8'192U);
}

TEST(Window, HoldsWhatTheLinkCarriesInTwoSeconds) {
  Window window;
  window.measure(50'000, true);
  EXPECT_EQ(window.bytes(), 100'000U);
}

TEST(Window, GrowsNoFurtherThanItsMost) {
  Window window;
  window.measure(100'000'000, true);
  EXPECT_EQ(window.bytes(), limits::kMaxWindowBytes);
}

TEST(Window, ShrinksToOneSegmentOnALinkThatWasFilled) {
  Window window;
  window.measure(100, true);
  EXPECT_EQ(window.bytes(), limits::kMinWindowBytes);
}

TEST(Window, DoesNotShrinkBecauseThereWasLittleToSend) {
  Window window;
  window.measure(100, false);
  EXPECT_EQ(window.bytes(), limits::kInitialWindowBytes);
}

TEST(Window, FollowsTheLatestMeasurement) {
  Window window;
  window.measure(100'000, true);
  window.measure(5'000, true);
  EXPECT_EQ(window.bytes(), 10'000U);
}

TEST(Window, IsSharedBetweenThePipeAndTheKernel) {
  Window window;
  window.measure(33'333, true);
  EXPECT_LE(window.pipe_bytes() + window.kernel_bytes(), window.bytes());
  EXPECT_GE(window.pipe_bytes(), window.bytes() / 2);
}

TEST(Window, KeepsToItsMostWhateverTheKernelSays) {
  Window window;
  window.measure(std::numeric_limits<std::uint32_t>::max(), false);
  EXPECT_EQ(window.bytes(), limits::kMaxWindowBytes);
}

}  // namespace
}  // namespace holdfast::device
