// Is an event one line of a log, whatever others have put into it?

#include <holdfast/event.hpp>

#include <gtest/gtest.h>

#include <holdfast/error.hpp>

namespace holdfast {
namespace {

Event event(EventKind kind, std::string detail, std::error_code error = {}) {
  return {.kind = kind, .error = error, .detail = std::move(detail)};
}

TEST(EventLine, SaysTheKindAndTheDetail) {
  EXPECT_EQ(to_line(event(EventKind::warning, "a disk is full")), "warning: a disk is full");
  EXPECT_EQ(to_line(event(EventKind::connected, "connected to a:1")), "connected to a:1");
  EXPECT_EQ(to_line(event(EventKind::stopped, "")), "stopped");
}

TEST(EventLine, SaysTheErrorWhereThereIsNoDetail) {
  const auto error = make_error_code(Errc::connection_refused);
  EXPECT_EQ(to_line(event(EventKind::connect_failed, "", error)),
            "connect_failed: " + error.message());
}

TEST(EventLine, NothingInItBeginsALineOrSteersATerminal) {
  EXPECT_EQ(to_line(event(EventKind::payload_rejected, "on \"a\n<3>b\x1B[2J\x7F\"")),
            R"(payload_rejected: on "a\x0A<3>b\x1B[2J\x7F")");
  EXPECT_EQ(to_line(event(EventKind::warning,
                          "gr\xC3\xBC\xC3\x9F \xC2\x9B"
                          "2J \xC2")),
            "warning: gr\xC3\xBC\xC3\x9F \\x9B2J \xC2");
}

TEST(EventSeverity, IsThatOfSyslog) {
  EXPECT_EQ(severity_of(event(EventKind::key_refused, "")), Severity::error);
  EXPECT_EQ(severity_of(event(EventKind::connect_failed, "")), Severity::warning);
  EXPECT_EQ(severity_of(event(EventKind::disconnected, "", make_error_code(Errc::closed))),
            Severity::notice);
  EXPECT_EQ(severity_of(event(EventKind::disconnected, "")), Severity::info);
  EXPECT_EQ(static_cast<int>(Severity::error), 3);
}

}  // namespace
}  // namespace holdfast
