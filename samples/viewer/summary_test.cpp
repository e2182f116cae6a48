// The question these tests answer: is the last line of a run what scripts rely on?

#include "summary.hpp"

#include <gtest/gtest.h>

namespace view {
namespace {

TEST(Summary, LineHasItsFixedForm) {
  EXPECT_EQ(to_line({.delivered = 42, .lost = 0, .handshakes = 1, .ip_bytes = 6'120}),
            "demo: 42 readings delivered, 0 lost, 1 handshake, 6120 bytes on the wire, 145.7 bytes "
            "per reading");
}

TEST(Summary, CountsInSingularAndPlural) {
  EXPECT_EQ(
      to_line({.delivered = 1, .lost = 1, .handshakes = 2, .ip_bytes = 300}),
      "demo: 1 reading delivered, 1 lost, 2 handshakes, 300 bytes on the wire, 300.0 bytes per "
      "reading");
}

TEST(Summary, NothingDeliveredDividesByNothing) {
  EXPECT_EQ(
      to_line({.delivered = 0, .lost = 3, .handshakes = 0, .ip_bytes = 520}),
      "demo: 0 readings delivered, 3 lost, 0 handshakes, 520 bytes on the wire, 0.0 bytes per "
      "reading");
}

TEST(Summary, StatusLineFitsIntoNarrowTerminal) {
  const std::string line =
      to_status_line("connecting", {.delivered = 9'999, .handshakes = 1, .ip_bytes = 9'999'999});
  EXPECT_EQ(line,
            "connecting: 9999 delivered, 9999999 bytes on the wire, 1000.1 bytes per reading");
  EXPECT_LT(line.size(), 80U);
}

}  // namespace
}  // namespace view
