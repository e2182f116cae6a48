#include "channel/proxy_url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <holdfast/error.hpp>

namespace holdfast::channel {
namespace {

using testing::HasSubstr;
using testing::Not;

ConfigError refusal(const std::string& text) {
  try {
    parse_proxy_url(text);
  } catch (const ConfigError& error) {
    return error;
  }
  ADD_FAILURE() << text << " was taken";
  return {"", "", ""};
}

TEST(ProxyUrl, TakesAHostAndAPort) {
  const ProxyUrl url = parse_proxy_url("http://proxy.example.com:3128");
  EXPECT_EQ(url.server.host, "proxy.example.com");
  EXPECT_EQ(url.server.port, 3128);
  EXPECT_EQ(url.authorization, "");
  EXPECT_EQ(parse_proxy_url("http://[2001:db8::1]:80/").server.text(), "[2001:db8::1]:80");
}

// The example of RFC 7617 section 2.
TEST(ProxyUrl, EncodesUserAndPassword) {
  EXPECT_EQ(parse_proxy_url("http://Aladdin:open%20sesame@proxy:1").authorization,
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(parse_proxy_url("http://Aladdin:open sesame@proxy:1").authorization,
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

TEST(ProxyUrl, TakesAUserWithoutAPassword) {
  EXPECT_EQ(parse_proxy_url("http://truck@proxy:1").authorization, "Basic dHJ1Y2s6");
}

TEST(ProxyUrl, RefusesWhatItCannotUse) {
  EXPECT_THAT(refusal("https://proxy:1").mend(), HasSubstr("CONNECT"));
  EXPECT_THAT(refusal("socks5://proxy:1").mend(), HasSubstr("CONNECT"));
  EXPECT_THAT(refusal("proxy:3128").mend(), HasSubstr("http://HOST:PORT"));
  EXPECT_THAT(refusal("http://proxy").mend(), HasSubstr("port"));
  EXPECT_THAT(refusal("http://proxy:0").mend(), HasSubstr("1 to 65535"));
  EXPECT_THAT(refusal("http://proxy:1/path").mend(), HasSubstr("path"));
  EXPECT_THAT(refusal("http://:1").mend(), HasSubstr("host"));
  EXPECT_EQ(refusal("http://proxy").field(), "proxy");
}

TEST(ProxyUrl, RefusesCredentialsThatMeanSomethingElse) {
  EXPECT_THAT(refusal("http://us%3Aer:secret@proxy:1").mend(), HasSubstr("colon"));
  EXPECT_THAT(refusal("http://:secret@proxy:1").mend(), HasSubstr("empty"));
  EXPECT_THAT(refusal("http://user:100%@proxy:1").mend(), HasSubstr("%25"));
  EXPECT_THAT(refusal("http://user:se/cret@proxy:1").mend(), HasSubstr("%2F"));
  EXPECT_THAT(refusal("http://user:" + std::string(256, 'x') + "@proxy:1").mend(),
              HasSubstr("255"));
}

TEST(ProxyUrl, NeverRepeatsAPassword) {
  for (const std::string text :
       {"https://user:secret@proxy:1", "http://user:secret@proxy", "user:secret@proxy:1",
        "http://user:secret@pro xy:1", "http://us%3Aer:secret@proxy:1",
        "http://user:secret%@proxy:1", "http://user:@secret@@proxy:1",
        "http://user:secret@proxy:99999"}) {
    const ConfigError error = refusal(text);
    EXPECT_THAT(error.value(), Not(HasSubstr("secret"))) << text;
    EXPECT_THAT(error.what(), Not(HasSubstr("secret"))) << text;
  }
}

}  // namespace
}  // namespace holdfast::channel
