// Can somebody watch the board while it runs, as readings and not as bytes? (The vehicle:
// tests/samples.)

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "cli/cli_fixture.hpp"

namespace holdfast::test {
namespace {

using Json = nlohmann::json;

class LiveSamplesTest : public BrokerCliTest {
 protected:
  LiveSamplesTest() : broker_(make_broker()) {}

  std::unique_ptr<Process> start(const std::string& program, const Words& more) {
    Words argv = words(program, broker_->tls_port(), more);
    return Process::spawn(std::move(argv), {.working_directory = dir_.path()});
  }
  std::unique_ptr<Mosquitto> broker_;
};

TEST_F(LiveSamplesTest, TheBoardIsALineOfJsonForEachReading) {
  const auto board = start(
      HOLDFAST_BOARD, {"--topic-prefix", "board/1", "--every", "20ms", "--max-delay", "200ms"});
  const auto result = cli(words("sub", broker_->tls_port(),
                                {"--filter", "board/+/r", "--count", "3", "--schema",
                                 std::string(HOLDFAST_SAMPLE_BFBS) + "/board.bfbs"}));
  EXPECT_EQ(result.status, 0) << result.err;
  std::istringstream lines(result.out);
  std::size_t readings = 0;
  std::uint64_t last = 0;
  for (std::string line; std::getline(lines, line); ++readings) {
    const Json reading = Json::parse(line);
    EXPECT_EQ(reading["schema"], "board.BoardReading") << line;
    const auto uptime = reading["body"]["uptime_ms"].get<std::uint64_t>();
    EXPECT_GT(uptime, last) << line;
    last = uptime;
  }
  EXPECT_GT(readings, 3U) << "readings that waited together share a message\n" << result.out;
}

}  // namespace
}  // namespace holdfast::test
