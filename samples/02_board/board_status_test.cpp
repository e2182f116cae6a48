// The question these tests answer: does the viewer read what the board wrote, and refuse the rest?

#include "board_status.hpp"

#include <gtest/gtest.h>

namespace board {
namespace {

const BoardStatus kStatus{.state = "connected",
                          .pushed = 42,
                          .delivered = 40,
                          .waiting = 2,
                          .ip_bytes = 6'120,
                          .handshakes = 1,
                          .is_final = true};

TEST(BoardStatus, IsWrittenAsDocumented) {
  EXPECT_EQ(to_json(kStatus),
            "{\"state\":\"connected\",\"pushed\":42,\"delivered\":40,\"waiting\":2,"
            "\"ip_bytes\":6120,\"handshakes\":1,\"final\":true}");
}

TEST(BoardStatus, ComesBackAsItWas) {
  EXPECT_EQ(parse_status(to_json(kStatus)), kStatus);
  EXPECT_EQ(parse_status(to_json({})), BoardStatus{});
}

TEST(BoardStatus, RefusesEveryLineThatWasCut) {
  const std::string line = to_json(kStatus);
  for (std::size_t length = 0; length < line.size(); ++length) {
    EXPECT_FALSE(parse_status(line.substr(0, length))) << length;
  }
}

TEST(BoardStatus, RefusesForeignLines) {
  EXPECT_FALSE(parse_status("{}"));
  EXPECT_FALSE(parse_status("connecting: mqtts://127.0.0.1"));
  EXPECT_FALSE(parse_status("{\"state\":\",\"pushed\":1}"));
}

}  // namespace
}  // namespace board
