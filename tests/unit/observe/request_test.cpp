#include "observe/request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <holdfast/limits.hpp>

namespace holdfast::observe {
namespace {

using testing::HasSubstr;
using testing::Optional;

std::string refusal(std::string_view line) {
  std::string why;
  EXPECT_EQ(parse_request(line, why), std::nullopt) << line;
  return why;
}

TEST(Request, KnowsWhatMayBeAsked) {
  std::string why;
  EXPECT_THAT(parse_request("status", why), Optional(Request{Request::What::status, 0}));
  EXPECT_THAT(parse_request("metrics", why), Optional(Request{Request::What::metrics, 0}));
  EXPECT_THAT(parse_request("events", why),
              Optional(Request{Request::What::events, limits::kStatusEvents}));
  EXPECT_THAT(parse_request("events 512", why), Optional(Request{Request::What::events, 512}));
}

TEST(Request, RefusesTheRestAndSaysWhatThereIs) {
  for (const char* const line : {"", " ", "Status", "status ", "status 1", "statuss", "stop",
                                 "metrics x", "GET / HTTP/1.1"}) {
    EXPECT_THAT(refusal(line), HasSubstr("status, events [NUMBER]")) << line;
  }
}

TEST(Request, RefusesNumbersThatCannotBe) {
  for (const char* const line : {"events ", "events 0", "events 513", "events -1", "events 1x",
                                 "events 1 2", "events 99999999999999999999999"}) {
    EXPECT_THAT(refusal(line), HasSubstr("from 1 to 512")) << line;
  }
}

}  // namespace
}  // namespace holdfast::observe
