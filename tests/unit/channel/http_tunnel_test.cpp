#include "channel/http_tunnel.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>

#include <holdfast/limits.hpp>

namespace holdfast::channel {
namespace {

using testing::HasSubstr;
using Step = TunnelReply::Step;

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

struct Answer {
  Step step;
  std::size_t taken;
  Failure failure;
};

Answer read(std::string_view text) {
  TunnelReply reply("broker.example.com:8883", "proxy:3128");
  Answer answer{};
  answer.step = reply.feed(bytes_of(text), answer.taken);
  answer.failure = reply.failure();
  return answer;
}

TEST(ConnectRequest, NamesTheBrokerAndTheCredentials) {
  const BrokerUrl broker = parse_broker_url("mqtts://broker.example.com");
  EXPECT_EQ(connect_request(broker, parse_proxy_url("http://proxy:3128")),
            "CONNECT broker.example.com:8883 HTTP/1.1\r\nHost: broker.example.com:8883\r\n\r\n");
  EXPECT_THAT(connect_request(broker, parse_proxy_url("http://truck@proxy:3128")),
              HasSubstr("\r\nProxy-Authorization: Basic dHJ1Y2s6\r\n\r\n"));
  EXPECT_THAT(connect_request(parse_broker_url("mqtts://[2001:db8::1]"),
                              parse_proxy_url("http://proxy:3128")),
              HasSubstr("CONNECT [2001:db8::1]:8883 "));
}

TEST(TunnelReply, OpensAtEverySuccess) {
  for (const std::string text :
       {"HTTP/1.1 200 Connection established\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n",
        "HTTP/1.1 204\r\nVia: a\r\nContent-Length: 12\r\n\r\n", "HTTP/1.1 200 \n\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"}) {
    const Answer answer = read(text);
    EXPECT_EQ(answer.step, Step::opened) << text;
    EXPECT_EQ(answer.taken, text.size()) << text;
  }
}

TEST(TunnelReply, LeavesWhatCameThroughTheTunnel) {
  const std::string header = "HTTP/1.1 200 OK\r\n\r\n";
  const Answer answer = read(header + "\x16\x03\x03\r\n\r\n");
  EXPECT_EQ(answer.step, Step::opened);
  EXPECT_EQ(answer.taken, header.size());
}

TEST(TunnelReply, MayComeInPieces) {
  const std::string text = "HTTP/1.1 200 OK\r\nVia: proxy\r\n\r\n";
  TunnelReply reply("broker", "proxy");
  std::size_t taken = 0;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    ASSERT_EQ(reply.feed(bytes_of(text).subspan(i, 1), taken), Step::need_input) << i;
  }
  EXPECT_EQ(reply.feed(bytes_of(text).last(1), taken), Step::opened);
}

TEST(TunnelReply, TellsWhatMendsARefusal) {
  const Answer wants_password = read("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
  EXPECT_EQ(wants_password.failure.error, Errc::proxy_refused);
  EXPECT_EQ(wants_password.failure.error, Condition::fix_configuration);
  EXPECT_THAT(wants_password.failure.detail, HasSubstr("proxy:3128"));
  EXPECT_THAT(wants_password.failure.detail, HasSubstr("USER:PASSWORD"));
  const Answer forbidden = read("HTTP/1.1 403 Forbidden\r\n\r\n");
  EXPECT_EQ(forbidden.failure.error, Errc::proxy_refused);
  EXPECT_THAT(forbidden.failure.detail, HasSubstr("broker.example.com:8883"));
  const Answer no_broker = read("HTTP/1.1 502 Bad Gateway\r\nX: y\r\n\r\n");
  EXPECT_EQ(no_broker.failure.error, Errc::unreachable);
  EXPECT_EQ(no_broker.failure.error, Condition::retry_later);
  EXPECT_THAT(no_broker.failure.detail, HasSubstr("502 Bad Gateway"));
  EXPECT_EQ(read("HTTP/1.1 301 Moved\r\n\r\n").failure.error, Errc::proxy_refused);
  EXPECT_EQ(read("HTTP/1.1 599 x\r\n\r\n").failure.error, Errc::unreachable);
}

TEST(TunnelReply, RefusesWhatIsNotHttp) {
  for (const std::string text :
       {"SSH-2.0-OpenSSH_9.2\r\n", "\r\n", "HTTP/2 200 OK\r\n", "HTTP/1.1 20\r\n",
        "HTTP/1.1 2000 OK\r\n", "HTTP/1.1 2x0 OK\r\n", "HTTP/1.1 099 OK\r\n", "http/1.1 200 OK\r\n",
        "HTTP/1.1\t200 OK\r\n"}) {
    const Answer answer = read(text);
    EXPECT_EQ(answer.step, Step::failed) << text;
    EXPECT_EQ(answer.failure.error, Errc::proxy_refused) << text;
  }
}

TEST(TunnelReply, EndsAnEndlessHeader) {
  EXPECT_EQ(read(std::string(limits::kMaxProxyReplyBytes + 1, 'x')).step, Step::failed);
  std::string lines = "HTTP/1.1 200 OK\r\n";
  for (std::size_t i = 0; i < limits::kMaxProxyReplyLines; ++i) lines += "a: b\r\n";
  EXPECT_EQ(read(lines).step, Step::failed);
  std::string interim;
  for (std::size_t i = 0; i < limits::kMaxProxyReplyLines; ++i) interim += "HTTP/1.1 100 x\r\n\r\n";
  EXPECT_EQ(read(interim).step, Step::failed);
}

TEST(TunnelReply, ShowsNoControlCharacters) {
  const Answer answer = read("HTTP/1.1 403 \x1b[31mred\r\n\r\n");
  EXPECT_EQ(answer.failure.detail.find('\x1b'), std::string::npos) << answer.failure.detail;
}

}  // namespace
}  // namespace holdfast::channel
