// The test program lives in a network of its own, from before its first thread on: so the device
// under test, Paho's process-wide threads and every lookup are on the near side of the link.

#include <gtest/gtest.h>

#include "support/link/network.hpp"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  holdfast::test::link::leave_for_private_network();  // tests ask why_no_links()
  return RUN_ALL_TESTS();
}
