// Are payloads printed as what they are: by `decode` from a file, by `sub` from a broker?

#include <nlohmann/json.hpp>

#include <array>
#include <memory>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include <holdfast/payload.hpp>
#include <holdfast/series.hpp>

#include "board_generated.h"
#include "cli/cli_fixture.hpp"
#include "command_generated.h"
#include "support/subscriber.hpp"

namespace holdfast::test {
namespace {

using Json = nlohmann::json;

const std::string kBoard = HOLDFAST_SAMPLE_BFBS "/board.bfbs";
const std::string kCommand = HOLDFAST_SAMPLE_BFBS "/command.bfbs";

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string command_payload(std::uint32_t id = 7, const std::string& verb = "open") {
  CommandT command;
  command.id = id;
  command.verb = verb;
  return text_of(as_payload(pack<Command>(command)));
}

std::string board_payload() {
  board::BoardReadingT reading;
  reading.time_ms = 1'795'478'400'123;
  reading.memory_kib = std::make_unique<board::Usage>(1'000U, 2'000U);
  return text_of(as_payload(pack<board::BoardReading>(reading)));
}

std::string sealed(const std::string& body, std::uint32_t sequence = 3) {
  return text_of(seal_envelope({.epoch = 18'446'744'073'709'551'615U, .sequence = sequence},
                               as_payload(body)));
}

SeriesLayout truck_layout() {
  return SeriesLayout({{.name = "speed", .resolution = 0.5, .unit = "km/h"},
                       {.name = "doors", .kind = ChannelKind::integer},
                       {.name = "label, \"x\"", .kind = ChannelKind::real}});
}

// Two readings; the second has no doors.
std::string series_payload(const SeriesLayout& layout,
                           const Origin& origin = {.epoch = 9, .sequence = 4}) {
  SeriesWriter writer(layout);
  EXPECT_FALSE(
      writer.add({.ms = 1'000}, std::array<Sample, 3>{Sample(12.5), Sample(2), Sample(0.1)}));
  EXPECT_FALSE(
      writer.add({.ms = 2'000}, std::array<Sample, 3>{Sample(13.0), Sample(), Sample(-1.0)}));
  return text_of(writer.finish(origin));
}

std::vector<Json> lines_of(const std::string& text) {
  std::vector<Json> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(Json::parse(line));
  return lines;
}

class DecodeTest : public CliTest {
 protected:
  CliResult decode(std::string_view payload, Words more = {}) {
    dir_.write("payload", payload);
    Words words{"decode", "payload"};
    words.insert(words.end(), more.begin(), more.end());
    return cli(words);
  }
};

TEST_F(DecodeTest, APlainPayloadIsALineOfJson) {
  const auto result = decode(command_payload(), {"--schema", kCommand});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out, R"({"schema":"Command","body":{"id":7,"verb":"open"}})"
                        "\n");
  EXPECT_EQ(cli({"decode", "-", "--schema", kCommand, "--json"}, command_payload()).out,
            result.out);
}

TEST_F(DecodeTest, AnEnvelopeIsOpened) {
  const auto result = decode(sealed(board_payload()), {"--schema", kCommand, "--schema", kBoard});
  EXPECT_EQ(result.status, 0) << result.err;
  const Json line = Json::parse(result.out);
  EXPECT_EQ(line["epoch"], "18446744073709551615");
  EXPECT_EQ(line["sequence"], 3);
  EXPECT_EQ(line["schema"], "board.BoardReading");
  EXPECT_EQ(line["body"]["memory_kib"], (Json{{"used", 1000}, {"total", 2000}}));
  EXPECT_FALSE(line["body"].contains("cpu_permille")) << "absent, and without a default";
}

TEST_F(DecodeTest, TheSdksOwnSchemasAreKnown) {
  const auto layout = truck_layout();
  const auto result = decode(text_of(layout.describe()));
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(Json::parse(result.out)["body"]["channels"][0]["name"], "speed");
}

TEST_F(DecodeTest, CsvHasALineOfTitles) {
  const auto result =
      decode(sealed(command_payload(8, "a \"b\", c")), {"--schema", kCommand, "--csv"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out,
            "epoch,sequence,row,id,verb,argument\n"
            "18446744073709551615,3,,8,\"a \"\"b\"\", c\",\n");
}

TEST_F(DecodeTest, ASeriesIsALineForEachReading) {
  const auto layout = truck_layout();
  dir_.write("layout", text_of(layout.describe()));
  const auto result = decode(series_payload(layout), {"--layout", "layout"});
  EXPECT_EQ(result.status, 0) << result.err;
  const auto lines = lines_of(result.out);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0], (Json{{"schema", "holdfast.wire.Series"},
                            {"epoch", "9"},
                            {"sequence", 4},
                            {"row", 0},
                            {"time_ms", 1000},
                            {"body", {{"speed", 12.5}, {"doors", 2}, {"label, \"x\"", 0.1}}}}));
  EXPECT_EQ(lines[1]["row"], 1);
  EXPECT_EQ(lines[1]["body"], (Json{{"speed", 13.0}, {"label, \"x\"", -1.0}}));
  EXPECT_EQ(decode(series_payload(layout), {"--layout", "layout", "--csv"}).out,
            "epoch,sequence,row,time_ms,boot,speed,doors,\"label, \"\"x\"\"\"\n"
            "9,4,0,1000,,12.5,2,0.1\n"
            "9,4,1,2000,,13,,-1\n");
}

TEST_F(DecodeTest, ASeriesWithoutItsLayoutIsAnErrorThatSaysWhatIsMissing) {
  const auto layout = truck_layout();
  auto result = decode(series_payload(layout));
  EXPECT_EQ(result.status, 2);
  EXPECT_TRUE(result.says(std::to_string(layout.id()))) << result.err;
  EXPECT_TRUE(result.says("--layout")) << result.err;
  dir_.write("layout", text_of(SeriesLayout({{.name = "other"}}).describe()));
  result = decode(series_payload(layout), {"--layout", "layout"});
  EXPECT_EQ(result.status, 2);
  dir_.write("layout", "no layout");
  result = decode(series_payload(layout), {"--layout", "layout"});
  EXPECT_EQ(result.status, 2);
  EXPECT_TRUE(result.says("--layout cannot be used")) << result.err;
}

TEST_F(DecodeTest, WhatCannotBeDecodedIsAnErrorThatSaysWhy) {
  auto result = decode(command_payload());
  EXPECT_EQ(result.status, 2);
  EXPECT_TRUE(result.says("file identifier CMND")) << result.err;
  EXPECT_TRUE(result.says("--schema")) << result.err;
  EXPECT_EQ(result.out, "");
  result = decode("just text");
  EXPECT_EQ(result.status, 2);
  const std::string whole = command_payload();
  result = decode(whole.substr(0, whole.size() - 8), {"--schema", kCommand});
  EXPECT_EQ(result.status, 2);
  EXPECT_TRUE(result.says("damaged")) << result.err;
  EXPECT_EQ(cli({"decode", "missing"}).status, 2);
}

TEST_F(DecodeTest, ASchemaThatCannotBeUsedIsNamed) {
  dir_.write("x.fbs", "table A {}");
  auto result = decode(command_payload(), {"--schema", "x.fbs"});
  EXPECT_EQ(result.status, 2);
  EXPECT_TRUE(result.says("x.fbs")) << result.err;
  EXPECT_TRUE(result.says("flatc --binary --schema")) << result.err;
  result = decode(command_payload(), {"--schema", kCommand, "--schema", kCommand});
  EXPECT_EQ(result.status, 2);
  EXPECT_TRUE(result.says("same file identifier, CMND")) << result.err;
  EXPECT_EQ(decode(command_payload(), {"--csv", "--json"}).status, 2);
}

class SubDecodeTest : public BrokerCliTest {
 protected:
  SubDecodeTest() : broker_(make_broker()), publisher_({.port = broker_->plain_port()}) {}

  void retain(const std::string& topic, const std::string& payload) {
    publisher_.publish(topic, payload, 1, true);
    ASSERT_TRUE(publisher_.wait_acks(kBound));
  }
  CliResult sub(Words more) { return cli(words("sub", broker_->tls_port(), more)); }

  std::unique_ptr<Mosquitto> broker_;
  Publisher publisher_;
};

TEST_F(SubDecodeTest, PrintsPayloadsBySchema) {
  retain("t/board", sealed(board_payload()));
  retain("t/command", command_payload());
  retain("t/text", "hello");
  const auto result =
      sub({"--filter", "t/#", "--count", "3", "--schema", kBoard, "--schema", kCommand});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_NE(result.out.find("\nhello\n"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find(
                R"({"topic":"t/board","retain":true,"epoch":"18446744073709551615",)"
                R"("sequence":3,"schema":"board.BoardReading","body":{"time_ms":1795478400123,)"),
            std::string::npos)
      << result.out;
  EXPECT_NE(result.out.find(R"({"topic":"t/command","retain":true,"schema":"Command",)"
                            R"("body":{"id":7,"verb":"open"}})"),
            std::string::npos)
      << result.out;
}

TEST_F(SubDecodeTest, AnEnvelopeOfAnUnknownSchemaShowsWhereItComesFrom) {
  retain("t", sealed(command_payload()));
  const auto result = sub({"--filter", "t", "--count", "1"});
  const Json line = Json::parse(result.out);
  EXPECT_EQ(line["sequence"], 3);
  EXPECT_TRUE(line["body_base64"].is_string());
  EXPECT_TRUE(result.says("CMND")) << result.err;
}

TEST_F(SubDecodeTest, CsvIsOneTable) {
  retain("t/a", command_payload(1));
  retain("t/b", sealed(board_payload()));
  retain("t/c", "text");
  const auto result =
      sub({"--filter", "t/#", "--count", "3", "--csv", "--schema", kCommand, "--schema", kBoard});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out,
            "topic,epoch,sequence,row,id,verb,argument\n"
            "t/a,,,,1,open,\n");
  EXPECT_TRUE(result.says("payloads of board.BoardReading are left out")) << result.err;
}

TEST_F(SubDecodeTest, ASeriesIsPrintedWithTheLayoutOfItsTopic) {
  const auto layout = truck_layout();
  retain("truck/1/r", series_payload(layout));
  retain("truck/1/r/layout", text_of(layout.describe()));
  // The layout is on a topic that the filter does not take, and comes behind the series.
  const auto result = sub({"--filter", "truck/+/r", "--count", "1"});
  EXPECT_EQ(result.status, 0) << result.err;
  const auto lines = lines_of(result.out);
  ASSERT_EQ(lines.size(), 2U) << result.out;
  EXPECT_EQ(lines[0]["topic"], "truck/1/r");
  EXPECT_EQ(lines[0]["body"]["speed"], 12.5);
  EXPECT_EQ(lines[1]["time_ms"], 2000);
}

TEST_F(SubDecodeTest, ASeriesWithoutALayoutIsPrintedAfterAMomentWithAHint) {
  const auto layout = truck_layout();
  retain("truck/1/r", series_payload(layout));
  const auto result = sub({"--filter", "truck/1/r", "--count", "1"});
  EXPECT_EQ(result.status, 0) << result.err;
  const Json line = Json::parse(result.out);
  EXPECT_EQ(line["layout"], layout.id());
  EXPECT_TRUE(line["body_base64"].is_string());
  EXPECT_TRUE(result.says("/layout")) << result.err;
}

TEST_F(SubDecodeTest, ADamagedPayloadIsPrintedAsBytes) {
  const std::string whole = command_payload();
  retain("t", whole.substr(0, whole.size() - 8));
  const auto result = sub({"--filter", "t", "--count", "1", "--schema", kCommand, "--json"});
  EXPECT_TRUE(Json::parse(result.out)["payload"].is_string()) << result.out;
  EXPECT_TRUE(result.says("damaged")) << result.err;
}

TEST_F(SubDecodeTest, RawBytesAreNotDecoded) {
  const std::string payload = sealed(command_payload());
  retain("t", payload);
  EXPECT_EQ(sub({"--filter", "t", "--count", "1", "--raw"}).out, payload);
  EXPECT_EQ(sub({"--filter", "t", "--raw", "--csv"}).status, 2);
}

}  // namespace
}  // namespace holdfast::test
