// Is what the socket answers JSON, and does it say what the device is?

#include "observe/documents.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "observe/json_writer.hpp"
#include "unit/observe/events.hpp"

namespace holdfast::observe {
namespace {

using nlohmann::json;

json parse(const std::string& text) {
  EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7F; }))
      << text;
  return json::parse(text);
}

// --- JSON ----------------------------------------------------------------------------------------

TEST(JsonWriter, WritesEachKindOfValue) {
  JsonWriter out;
  out.begin_object();
  out.member("text", "a").member("flag", true).member("number", -5).member("most", UINT64_MAX);
  out.member("none", std::optional<int>()).member("some", std::optional<int>(3));
  out.key("list").begin_array().value(1).value(2).begin_object().end_object().end_array();
  out.key("empty").begin_array().end_array();
  out.end_object();
  EXPECT_EQ(out.take(),
            R"({"text":"a","flag":true,"number":-5,"most":18446744073709551615,"none":null,)"
            R"("some":3,"list":[1,2,{}],"empty":[]})");
}

TEST(JsonWriter, TextsOfAllKindsStayWhatTheyAre) {
  const std::string texts[] = {"",
                               "plain",
                               "\"\\/\b\f\n\r\t",
                               std::string("\0\x1b[31m", 6),
                               "Gr\xC3\xBC\xC3\x9F"
                               "e",
                               "\xE2\x82\xAC",
                               "\xF0\x9F\x9A\x9A",
                               "\x7F"};
  for (const std::string& text : texts) {
    JsonWriter out;
    out.value(text);
    EXPECT_EQ(parse(out.take()).get<std::string>(), text);
  }
}

TEST(JsonWriter, WhatIsNoUtf8IsReplacedByteByByte) {
  const std::string kReplaced = "\xEF\xBF\xBD";
  const std::pair<std::string, std::string> cases[] = {
      {"a\xFF"
       "b",
       "a" + kReplaced + "b"},
      {"\xC0\x80", kReplaced + kReplaced},                  // overlong
      {"\xED\xA0\x80", kReplaced + kReplaced + kReplaced},  // a surrogate
      {"\xF4\x90\x80\x80", kReplaced + kReplaced + kReplaced + kReplaced},
      {"\xE2\x82", kReplaced + kReplaced},  // cut short
      {"\xC3(", kReplaced + "("}};
  for (const auto& [text, expected] : cases) {
    JsonWriter out;
    out.value(text);
    EXPECT_EQ(parse(out.take()).get<std::string>(), expected);
  }
}

// --- Documents -----------------------------------------------------------------------------------

TEST(StatusDocument, SaysWhatTheDeviceIs) {
  Snapshot snapshot;
  snapshot.client_id = "truck-\"17\"";
  snapshot.broker = "mqtts://b";
  snapshot.pid = 99;
  snapshot.uptime = std::chrono::seconds(5);
  snapshot.in_state = std::chrono::milliseconds(1'500);
  snapshot.status.state = State::connected;
  snapshot.status.address = "192.0.2.1:8883";
  snapshot.status.counters.delivered = 12;
  snapshot.status.ledger.made[Cause::payload] = {100, 7};
  snapshot.status.ledger.made[Cause::headers].up = 50;
  snapshot.events["connected"] = 2;
  const json document = parse(status_document(snapshot));
  EXPECT_EQ(document.at("version"), kDocumentVersion);
  EXPECT_EQ(document.at("client_id"), "truck-\"17\"");
  EXPECT_EQ(document.at("state"), "connected");
  EXPECT_EQ(document.at("state_ms"), 1'500);
  EXPECT_EQ(document.at("uptime_ms"), 5'000);
  EXPECT_TRUE(document.at("clock_ms").is_null());
  EXPECT_EQ(document.at("counters").at("delivered"), 12);
  EXPECT_EQ(document.at("counters").size(), 17U) << "each of Counters";
  const json& process = document.at("ledger").at("process");
  EXPECT_EQ(process.at("ip_bytes").at("up"), 150);
  EXPECT_EQ(process.at("by_cause").size(), kCauses);
  EXPECT_EQ(process.at("by_cause").at("payload").at("down"), 7);
  EXPECT_TRUE(document.at("budget").is_null());
  EXPECT_EQ(document.at("events").at("connected"), 2);
}

TEST(StatusDocument, HasTheBudgetOfADeviceThatHasOne) {
  Snapshot snapshot;
  snapshot.clock_ms = 1'700'000'000'000;
  snapshot.status.budget = BudgetStatus{.allowance = 1'000,
                                        .used = 10,
                                        .projection = 300,
                                        .renews = std::nullopt,
                                        .batching_factor = 2,
                                        .admission = Admission::all_but_low};
  const json document = parse(status_document(snapshot));
  EXPECT_EQ(document.at("clock_ms"), 1'700'000'000'000);
  EXPECT_EQ(document.at("budget").at("projected_bytes"), 300);
  EXPECT_TRUE(document.at("budget").at("renews").is_null());
  EXPECT_EQ(document.at("budget").at("admission"), "all_but_low");
}

TEST(EventsDocument, HasEachEventInItsOrder) {
  EventRecord first = seen(EventKind::connect_failed, "no \xFF route", 5, Errc::unreachable);
  first.event = 1;
  EventRecord second = seen(EventKind::connected, "to x", 9);
  second.event = 4;
  second.count = 3;
  second.last.began_ms = 1'000;
  const EventRecord both[] = {first, second};
  const json document = parse(events_document(both));
  ASSERT_EQ(document.at("events").size(), 2U);
  EXPECT_EQ(document.at("events")[0].at("severity"), "warning");
  EXPECT_EQ(document.at("events")[0].at("code"), static_cast<int>(Errc::unreachable));
  EXPECT_TRUE(document.at("events")[0].at("time_ms").is_null());
  EXPECT_EQ(document.at("events")[1].at("count"), 3);
  EXPECT_EQ(document.at("events")[1].at("time_ms"), 1'009);
  EXPECT_EQ(parse(event_document(second)), document.at("events")[1]);
  EXPECT_TRUE(parse(events_document({})).at("events").empty());
}

TEST(ErrorDocument, RepeatsWhatWasWrong) {
  EXPECT_EQ(parse(error_document("\"x\"\n is no request")).at("error"), "\"x\"\n is no request");
}

}  // namespace
}  // namespace holdfast::observe
