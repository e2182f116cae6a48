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

TEST(Request, KnowsHowATraceMayBeAskedFor) {
  const auto trace = [](std::uint16_t port, bool without_payload) {
    return Request{
        .what = Request::What::trace, .shown_port = port, .without_payload = without_payload};
  };
  std::string why;
  EXPECT_THAT(parse_request("trace", why), Optional(trace(0, false)));
  EXPECT_THAT(parse_request("trace no-payload", why), Optional(trace(0, true)));
  EXPECT_THAT(parse_request("trace port 1884", why), Optional(trace(1'884, false)));
  EXPECT_THAT(parse_request("trace port 65535 no-payload", why), Optional(trace(65'535, true)));
  for (const char* const line : {"trace port 0", "trace port 65536", "trace port -1", "trace port ",
                                 "trace port x no-payload"}) {
    EXPECT_THAT(refusal(line), HasSubstr("from 1 to 65535")) << line;
  }
  for (const char* const line :
       {"trace ", "trace all", "trace no-payload port 1883", "trace no-payload ", "trace port"}) {
    EXPECT_THAT(refusal(line), HasSubstr("[no-payload]")) << line;
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
