#include <gtest/gtest.h>

#include "disk/small_disk.hpp"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  // Before there is any other thread: it would stay where it is.
  holdfast::test::enter_private_mounts();
  return RUN_ALL_TESTS();
}
