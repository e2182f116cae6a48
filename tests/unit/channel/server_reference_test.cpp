// How a broker may name another one.

#include "channel/server_reference.hpp"

#include <gtest/gtest.h>

namespace holdfast::channel {
namespace {

std::string read(std::string_view text) {
  const auto url = parse_server_reference(text, 8'884);
  return url ? url->text() : "none";
}

TEST(ServerReferenceText, IsANameOrAnAddressWithAPortOrWithout) {
  EXPECT_EQ(read("myserver.example.org"), "myserver.example.org:8884");
  EXPECT_EQ(read("myserver.example.org:8883"), "myserver.example.org:8883");
  EXPECT_EQ(read("10.10.151.22:1883"), "10.10.151.22:1883");
  EXPECT_EQ(read("[fe80::9610:3eff:fe1c]"), "[fe80::9610:3eff:fe1c]:8884");
  EXPECT_EQ(read("[2001:db8::1]:8883"), "[2001:db8::1]:8883");
  EXPECT_EQ(read("mqtts://b:1"), "b:1");
}

TEST(ServerReferenceText, CountsWithItsFirstReadableEntry) {
  EXPECT_EQ(read("mqtt://plain b.example.org c.example.org"), "b.example.org:8884");
  EXPECT_EQ(read("  b  "), "b:8884");
}

TEST(ServerReferenceText, IsNobodyWhereNothingCanBeRead) {
  for (const char* text :
       {"", " ", "mqtt://plain", "user:secret@host", "host/path", "host:0", "host:99999",
        "2001:db8::1", "[::1", "http://proxy:3128", "a\tb", "\x01", "host:"}) {
    EXPECT_EQ(read(text), "none") << text;
  }
}

}  // namespace
}  // namespace holdfast::channel
