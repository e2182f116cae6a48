#include "device/suspect.hpp"

#include <gtest/gtest.h>

namespace holdfast::device {
namespace {

TEST(Suspect, IsCondemnedTheThirdTimeWhenItWasAlone) {
  Suspect suspect;
  EXPECT_FALSE(suspect.blame(7, false));
  EXPECT_FALSE(suspect.goes_alone());
  EXPECT_FALSE(suspect.blame(7, false));
  EXPECT_TRUE(suspect.goes_alone());
  EXPECT_TRUE(suspect.blame(7, true));
}

TEST(Suspect, IsNotCondemnedInCompany) {
  Suspect suspect;
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(suspect.blame(7, false));
  EXPECT_TRUE(suspect.goes_alone());
}

TEST(Suspect, AnotherOneBeginsAnew) {
  Suspect suspect;
  suspect.blame(7, true);
  suspect.blame(7, true);
  EXPECT_FALSE(suspect.blame(8, true));
  EXPECT_FALSE(suspect.goes_alone());
}

TEST(Suspect, WhatWasAcknowledgedIsNoSuspect) {
  Suspect suspect;
  suspect.blame(7, true);
  suspect.blame(7, true);
  suspect.acquit(8);
  EXPECT_TRUE(suspect.goes_alone());
  suspect.acquit(7);
  EXPECT_FALSE(suspect.goes_alone());
}

}  // namespace
}  // namespace holdfast::device
