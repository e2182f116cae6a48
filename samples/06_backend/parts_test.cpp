// The questions these tests answer: is everything kept once, does foreign text stay text, and is
// nobody answered who should not be?

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <random>
#include <sstream>

#include "csv.hpp"
#include "drawing.hpp"
#include "http_request.hpp"
#include "page.hpp"
#include "printable.hpp"
#include "store.hpp"
#include "support/temp_dir.hpp"

namespace fleet {
namespace {

constexpr std::int64_t kNow = 1'800'000'000'000;  // 2027-01-15

Delivery delivery(std::uint32_t sequence, std::uint64_t epoch = 1) {
  return {.device = "truck/17",
          .topic = "truck/17/r",
          .epoch = epoch,
          .sequence = sequence,
          .readings = {{.time_ms = kNow + sequence,
                        .values = {{"lat", 48.1}, {"lon", 11.5}, {"speed", 1.0 * sequence}}}}};
}

class StoreTest : public testing::Test {
 protected:
  DeviceRow only() {
    const auto rows = store_.devices(10, kNow);
    EXPECT_EQ(rows.size(), 1U);
    return rows.empty() ? DeviceRow() : rows[0];
  }

  holdfast::test::TempDir dir_;
  std::string file_ = (dir_.path() / "fleet.db").string();
  Store store_{file_};
};

TEST_F(StoreTest, ASecondCopyChangesNothingAlsoForAnotherStore) {
  EXPECT_TRUE(store_.add(delivery(1), kNow));
  EXPECT_FALSE(store_.add(delivery(1), kNow));
  Store other(file_);
  EXPECT_FALSE(other.add(delivery(1), kNow));
  EXPECT_EQ(only().readings, 1);
  EXPECT_EQ(only().copies, 2);
  EXPECT_EQ(store_.points(only().id, "speed", 10).size(), 1U);
}

TEST_F(StoreTest, AGapIsMissingUntilItIsFilled) {
  for (const std::uint32_t sequence : {5U, 9U, 6U}) store_.add(delivery(sequence), kNow);
  EXPECT_EQ(only().missing, 2);
  store_.add(delivery(8), kNow);
  store_.add(delivery(7), kNow);
  EXPECT_EQ(only().missing, 0);
  store_.add(delivery(3), kNow);  // older than all that were seen
  EXPECT_EQ(only().missing, 1);
}

TEST_F(StoreTest, EpochsCountByThemselves) {
  store_.add(delivery(1, 7), kNow);
  store_.add(delivery(1, std::numeric_limits<std::uint64_t>::max()), kNow);
  EXPECT_EQ(only().readings, 2);
  EXPECT_EQ(only().missing, 0);
}

TEST_F(StoreTest, WhatIsNoNumberIsNotKept) {
  Delivery odd = delivery(1);
  odd.readings[0].values = {{"a", std::nan("")}, {"b", INFINITY}, {"c", 2}, {"c", 3}};
  store_.add(odd, kNow);
  EXPECT_EQ(store_.channels(only().id, 10), std::vector<std::string>{"c"});
}

TEST_F(StoreTest, PruningTakesReadingsOutAndKeepsTheCount) {
  store_.add(delivery(1), kNow - 1'000);
  store_.add(delivery(2), kNow);
  store_.prune(kNow);
  EXPECT_EQ(store_.points(only().id, "speed", 10).size(), 1U);
  EXPECT_EQ(only().missing, 0);
  EXPECT_EQ(only().readings, 2);
}

TEST_F(StoreTest, ABillIsByTheMonthAndSurvivesANewInstallation) {
  const auto told = [&](std::int64_t bytes, std::int64_t now) {
    store_.put_condition("truck/17", {.online = true, .bytes_up = bytes, .connections = 1}, now);
    return store_.devices(1, now)[0].month_bytes;
  };
  store_.put_condition("truck/17", {.online = false}, kNow);
  EXPECT_EQ(told(5'000, kNow), 0) << "when that was spent, nobody knows";
  EXPECT_EQ(told(6'000, kNow), 1'000);
  EXPECT_EQ(told(6'000, kNow), 1'000) << "the same status again";
  EXPECT_EQ(told(200, kNow), 1'200) << "a new state directory";
  constexpr std::int64_t kMonth = std::int64_t{31} * 24 * 3'600'000;
  EXPECT_EQ(told(300, kNow + kMonth), 100);
}

TEST_F(StoreTest, WhoIsOfflineKeepsWhatItHasSpent) {
  store_.put_condition("truck/17", {.online = true, .bytes_up = 5, .connections = 3}, kNow);
  store_.put_condition("truck/17", {.written = 9, .pin_set_version = 4, .topic = "truck/17/status"},
                       kNow);
  const DeviceRow row = only();
  ASSERT_TRUE(row.condition);
  EXPECT_FALSE(row.condition->online);
  EXPECT_EQ(row.condition->connections, 3);
  EXPECT_EQ(row.condition->pin_set_version, 4);
  store_.forget_condition("truck/17/r");
  EXPECT_TRUE(only().condition) << "another topic of the device";
  store_.forget_condition("truck/17/status");
  EXPECT_FALSE(only().condition);
}

TEST_F(StoreTest, KeepsWhatTheBytesWereFor) {
  Condition told{.online = true,
                 .topic = "truck/17/status",
                 .budget_used = 7,
                 .budget_allowance = 9,
                 .budget_admits = "urgent_only",
                 .spending = {{"payload", 4}, {"headers", 40}}};
  store_.put_condition("truck/17", told, kNow);
  store_.put_condition("truck/17", {.topic = "truck/17/status"}, kNow);
  const Condition kept = only().condition.value();
  EXPECT_FALSE(kept.online);
  EXPECT_EQ(kept.budget_used, 7);
  EXPECT_EQ(kept.budget_allowance, 9);
  EXPECT_EQ(kept.budget_admits, "urgent_only");
  ASSERT_EQ(kept.spending.size(), 2U);
  EXPECT_EQ(kept.spending[0].cause, "headers");
  EXPECT_EQ(kept.spending[0].permille, 40);
  told.spending = {{"payload", 5}};
  store_.put_condition("truck/17", told, kNow);
  ASSERT_EQ(only().condition.value().spending.size(), 1U);
}

TEST_F(StoreTest, AFileOfTheFirstFormatIsBroughtUp) {
  store_.put_condition("truck/17", {.online = true, .bytes_up = 5, .topic = "truck/17/status"},
                       kNow);
  Database(file_).execute(
      "DROP TABLE spending; ALTER TABLE condition DROP COLUMN budget_used;"
      "ALTER TABLE condition DROP COLUMN budget_allowance;"
      "ALTER TABLE condition DROP COLUMN budget_admits; PRAGMA user_version = 1");
  Store again(file_);
  const auto rows = again.devices(1, kNow);
  ASSERT_EQ(rows.size(), 1U);
  ASSERT_TRUE(rows[0].condition);
  EXPECT_EQ(rows[0].condition->bytes_up, 5);
  EXPECT_EQ(rows[0].condition->budget_allowance, 0);
}

TEST_F(StoreTest, AFileOfANewerReleaseIsRefused) {
  Database(file_).execute("PRAGMA user_version = 3");
  EXPECT_THROW(Store{file_}, std::runtime_error);
}

TEST_F(StoreTest, ADeviceAndADayIsAFile) {
  Delivery next = delivery(2);
  next.readings[0].time_ms = kNow + 24 * 3'600'000;
  Delivery hostile = delivery(3);
  hostile.device = "../../etc/x";
  hostile.topic = "=cmd";
  for (const Delivery& one : {delivery(1), next, hostile}) store_.add(one, kNow);
  const auto out = dir_.path() / "csv";
  EXPECT_EQ(export_csv(store_, out), 3U);
  const std::string day = holdfast::test::read_file(out / "truck%2F17" / "2027-01-15.csv");
  EXPECT_EQ(day,
            "time_ms,topic,channel,value\r\n"
            "1800000000001,\"truck/17/r\",\"lat\",48.1\r\n"
            "1800000000001,\"truck/17/r\",\"lon\",11.5\r\n"
            "1800000000001,\"truck/17/r\",\"speed\",1\r\n");
  EXPECT_TRUE(std::filesystem::exists(out / "truck%2F17" / "2027-01-16.csv"));
  const auto inside = out / "%2E%2E%2F%2E%2E%2Fetc%2Fx" / "2027-01-15.csv";
  EXPECT_NE(holdfast::test::read_file(inside).find("\"'=cmd\""), std::string::npos);
}

TEST(Printable, ForeignTextStaysText) {
  EXPECT_EQ(printable("a\x1b[2Jb\n\xC3\xBC"), "a\\x1B[2Jb\\x0A\\xC3\\xBC");
  EXPECT_EQ(escaped("<script>\"'&\x01"), "&lt;script&gt;&quot;&#39;&amp;");
  EXPECT_EQ(escaped("a\xC3\xBC\xC3\xBC", 4), "a\xC3\xBC…") << "never half a character";
  EXPECT_EQ(file_name(".."), "%2E%2E");
  EXPECT_EQ(file_name(""), "%");
  EXPECT_LE(file_name(std::string(1'000, '/')).size(), 200U);
  EXPECT_NE(file_name(std::string(999, 'a')), file_name(std::string(1'000, 'a')));
  EXPECT_EQ(csv_field("a\"b\r\n"), "\"a\"\"b  \"");
  EXPECT_EQ(csv_field("@SUM(1)"), "\"'@SUM(1)\"");
}

std::string get(const std::string& host, const std::string& line = "GET / HTTP/1.1") {
  return line + "\r\nAccept: */*\r\nHost: " + host + "\r\n\r\n";
}

TEST(Request, ThePageIsForThisMachineUnderItsOwnName) {
  for (const char* host : {"127.0.0.1:8480", "localhost:8480", "[::1]:8480", "LOCALHOST:8480"}) {
    EXPECT_EQ(judge(get(host), 8480), Verdict::page) << host;
  }
  for (const char* host :
       {"evil.example:8480", "127.0.0.1", "localhost:80", "localhost:8480.evil.example",
        "127.0.0.1:8480@evil.example", "", "xlocalhost:8480"}) {
    EXPECT_EQ(judge(get(host), 8480), Verdict::misdirected) << host;
  }
}

TEST(Request, AnythingElseIsRefused) {
  EXPECT_EQ(judge(get("localhost:1", "POST / HTTP/1.1"), 1), Verdict::method_not_allowed);
  EXPECT_EQ(judge(get("localhost:1", "HEAD / HTTP/1.1"), 1), Verdict::page_head);
  for (const char* target : {"/x", "/../etc/passwd", "*", "http://localhost:1/", "/?"}) {
    EXPECT_EQ(judge(get("localhost:1", std::string("GET ") + target + " HTTP/1.1"), 1),
              Verdict::not_found)
        << target;
  }
  for (const char* bad :
       {"", "\r\n\r\n", "GET /\r\nHost: localhost:1\r\n\r\n",
        "GET / HTTP/2\r\nHost: localhost:1\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost:1\r\nHost: localhost:1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : localhost:1\r\n\r\n",
        "GET / HTTP/1.1\r\n Host: localhost:1\r\n\r\n", "GET / HTTP/1.1\r\nHost: localhost:1\r\n",
        "GET  / HTTP/1.1\r\nHost: localhost:1\r\n\r\n", "GET / HTTP/1.1\nHost: localhost:1\n\n"}) {
    EXPECT_EQ(judge(bad, 1), Verdict::bad_request) << bad;
  }
}

TEST(Request, SpoiltHeadsAreNeverThePageOfAnotherHost) {
  std::mt19937 random(17);
  const std::string good = get("evil.example:1");
  for (int n = 0; n < 20'000; ++n) {
    std::string spoilt = good;
    for (int i = 0; i < 3; ++i) spoilt[random() % spoilt.size()] = static_cast<char>(random());
    const Verdict verdict = judge(spoilt, 1);
    EXPECT_TRUE(verdict != Verdict::page && verdict != Verdict::page_head) << spoilt;
  }
}

TEST(Answer, ForbidsScriptsAndTellsItsLength) {
  const std::string text = answer(Verdict::page, "<p>");
  EXPECT_NE(text.find("Content-Security-Policy: default-src 'none';"), std::string::npos);
  EXPECT_TRUE(text.ends_with("Content-Length: 3\r\n\r\n<p>")) << text;
  EXPECT_TRUE(answer(Verdict::page_head, "<p>").ends_with("Content-Length: 3\r\n\r\n"));
  EXPECT_TRUE(answer(Verdict::misdirected, "<p>").starts_with("HTTP/1.1 421 "));
  EXPECT_EQ(answer(Verdict::not_found, "<p>").find("<p>"), std::string::npos);
}

TEST(Page, NamesFromOutsideAreText) {
  const std::string evil = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'";
  PageModel model{.now_ms = kNow, .all_devices = 1, .allowance = 1'000, .devices = {{}}};
  DeviceView& device = model.devices[0];
  device.row = {.id = 1,
                .name = evil,
                .last_ms = kNow,
                .condition = Condition{.online = true, .vouching = evil}};
  device.track = {{48, 11}, {48.1, 11.1}};
  device.plots = {{evil, {{kNow, 1}, {kNow - 1, 2}}}};
  const std::string page = render(model);
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find("<img"), std::string::npos);
  EXPECT_EQ(page.find("onerror=alert(1)>"), std::string::npos);
  EXPECT_NE(page.find("&lt;script&gt;"), std::string::npos);
}

TEST(Page, HasABudgetWhereOneIsTold) {
  PageModel model{.now_ms = kNow, .all_devices = 1, .allowance = 10'000'000, .devices = {{}}};
  model.devices[0].row = {
      .name = "a", .condition = Condition{.bytes_up = 1'234'567}, .month_bytes = 2'500'000};
  const std::string page = render(model);
  EXPECT_NE(page.find("1.23 MB"), std::string::npos);
  EXPECT_NE(page.find("25.0 % of 10.00 MB"), std::string::npos);
  model.allowance = 0;
  EXPECT_EQ(render(model).find("<meter"), std::string::npos);
}

TEST(Page, TellsWhatTheBytesWereForAndTheDevicesOwnBudget) {
  PageModel model{.now_ms = kNow, .all_devices = 1, .allowance = 10'000'000, .devices = {{}}};
  model.devices[0].row = {
      .name = "a",
      .condition = Condition{.budget_used = 45'000'000,
                             .budget_allowance = 50'000'000,
                             .budget_admits = "urgent_only",
                             .spending = {{"payload", 748}, {"<b>", 248}, {"dns", 4}}},
      .month_bytes = 2'500'000};
  const std::string page = render(model);
  EXPECT_NE(page.find("payload 75 %, &lt;b&gt; 25 %"), std::string::npos);
  EXPECT_NE(page.find("90.0 % of 50.00 MB, lets through urgent_only"), std::string::npos);
}

// Every coordinate of what was drawn.
void expect_inside(const std::string& svg, double width, double height) {
  const std::size_t at = svg.find("points=\"") + 8;
  std::string points = svg.substr(at, svg.find('"', at) - at);
  std::size_t count = 0;
  for (char& c : points) c = c == ',' ? ' ' : c;
  std::istringstream in(points);
  for (double x = 0, y = 0; in >> x >> y; ++count) {
    EXPECT_TRUE(x >= 0 && x <= width && y >= 0 && y <= height) << x << " " << y;
  }
  EXPECT_TRUE(in.eof());
  EXPECT_GT(count, 0U);
}

TEST(Drawing, StaysInsideItsFrameWhateverTheNumbers) {
  constexpr double kMost = std::numeric_limits<double>::max();
  expect_inside(draw_plot({{3, kMost}, {2, -kMost}, {1, 0}}), 340, 70);
  expect_inside(draw_plot({{5, 1}}), 340, 70);
  expect_inside(draw_plot({{std::numeric_limits<std::int64_t>::max(), 1},
                           {std::numeric_limits<std::int64_t>::min() / 2, 2}}),
                340, 70);
  expect_inside(draw_map({{0, "a", {{90, 180}, {-90, -180}, {0, 0}}}}), 900, 420);
  expect_inside(draw_map({{0, "a", {{90, 0}}}}), 900, 420);
  EXPECT_NE(draw_plot({{5, 1}}).find("points=\"0.0,35.0 340.0,35.0 \""), std::string::npos);
  EXPECT_NE(draw_plot({{5, 1}, {5, 0}}).find("points=\"0.0,56.0 340.0,14.0 \""), std::string::npos)
      << "readings of one moment stand in their order";
  EXPECT_EQ(draw_plot({}), "");
}

}  // namespace
}  // namespace fleet
