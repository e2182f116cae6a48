// Does `holdfast plan` compute what the benchmarks measure, and take over what a ledger tells?

#include <nlohmann/json.hpp>

#include <cmath>
#include <map>

#include "cli/cli_fixture.hpp"
#include "ledger/book.hpp"
#include "state/slots.hpp"

namespace holdfast::test {
namespace {

using Json = nlohmann::json;

class PlanTest : public CliTest {
 protected:
  // The workload that the product is for.
  Json plan(Words more = {}) {
    Words all{"plan", "--payload", "44", "--json"};
    all.insert(all.end(), more.begin(), more.end());
    const CliResult result = cli(all);
    EXPECT_EQ(result.status, 0) << result.err;
    return Json::parse(result.out);
  }
  static Json way(const Json& plan, const std::string& id) {
    for (const Json& way : plan.at("ways")) {
      if (way.at("way") == id) return way;
    }
    ADD_FAILURE() << id << " is no way of " << plan.dump(1);
    return {};
  }
  static double bytes(const Json& plan, const std::string& id) {
    return way(plan, id).at("bytes").get<double>();
  }
  void expect_refused(const Words& more, const std::string& what) {
    Words all{"plan", "--payload", "44"};
    all.insert(all.end(), more.begin(), more.end());
    const CliResult result = cli(all);
    EXPECT_EQ(result.status, 2);
    EXPECT_TRUE(result.says(what)) << result.err;
    EXPECT_EQ(result.out, "");
  }
  // A ledger of some whole days with 1 MB and 10 connections each, between two that are not.
  std::string state_dir_of(unsigned whole_days, double repeated_share) {
    ledger::BookState book;
    for (unsigned day = 0; day < whole_days + 2; ++day) {
      Account& account = book.days[20'000 + day];
      const bool whole = day > 0 && day <= whole_days;
      account.connections = whole ? 10 : 1;
      account[Cause::payload].up = whole ? 1'000'000 : 5;
    }
    book.installation.connections = 100;
    book.installation[Cause::handshake] = {40'000, 40'000};
    book.installation[Cause::tickets] = {0, 30'000};
    book.installation[Cause::dns] = {2'000, 3'000};
    book.installation[Cause::payload] = {885'000, 0};
    book.installation[Cause::retransmission].up =
        static_cast<std::uint64_t>(std::lround(1e6 * repeated_share));
    state::Slots slots(dir_.path(), ledger::kBookName, ledger::kBookFormat);
    EXPECT_FALSE(slots.store(ledger::encode_book(book)));
    return dir_.path().string();
  }
};

TEST_F(PlanTest, AMonthOfOneReadingEach30Seconds) {
  const Json month = plan({"--reconnects-per-day", "24"});
  EXPECT_EQ(month.at("readings"), 86'400);
  const double holdfast = bytes(month, "holdfast");
  // 271 bytes a message with a topic of 17, and 721 connections, a full one a week.
  const Json parts = way(month, "holdfast").at("bytes_of");
  EXPECT_EQ(parts.at("messages"), 86'400 * 271);
  EXPECT_EQ(parts.at("pings"), 0);
  EXPECT_EQ(way(month, "holdfast").at("connections"), 721);
  double sum = 0;
  for (const auto& [name, part] : parts.items()) sum += part.get<double>();
  EXPECT_NEAR(sum, holdfast, 1e-3);
  EXPECT_GT(bytes(month, "https_post"), 20 * holdfast);
  EXPECT_LT(holdfast, bytes(month, "mqtt_tls"));
  EXPECT_LT(bytes(month, "mqtt_tls"), bytes(month, "https_kept"));
}

TEST_F(PlanTest, ADelayBudgetSharesMessages) {
  const Json opaque = plan({"--delay", "5min"});
  EXPECT_EQ(way(opaque, "holdfast_delayed").at("readings_per_message"), 10);
  EXPECT_LT(bytes(opaque, "holdfast_delayed"), bytes(opaque, "holdfast") / 3);
  const Json series = plan({"--delay", "5min", "--channels", "5"});
  EXPECT_LT(bytes(series, "holdfast_delayed"), bytes(opaque, "holdfast_delayed") * 0.7);
  // A message holds 1,200 bytes, however long the delay.
  const Json long_delay = plan({"--delay", "24h"});
  const double readings = way(long_delay, "holdfast_delayed").at("readings_per_message");
  EXPECT_GT(readings, 20);
  EXPECT_LT(readings, 1'200.0 / 44);
}

TEST_F(PlanTest, WhoMustBeReachedPaysForPings) {
  const Json reached = plan({"--every", "1h", "--reachable-within", "15min"});
  EXPECT_EQ(way(reached, "holdfast").at("bytes_of").at("pings"), 30 * 24 * 3 * 204);
  // libmosquitto pings each minute.
  EXPECT_NEAR(way(reached, "mqtt_tls").at("bytes_of").at("pings").get<double>(), 30 * 24 * 59 * 256,
              1);
  // With QoS 0 also while it sends.
  const Json unacknowledged = plan({"--qos", "0"});
  EXPECT_EQ(way(unacknowledged, "mqtt_tls").at("bytes_of").at("pings"), 30 * 24 * 60 * 256);
  EXPECT_EQ(way(unacknowledged, "holdfast").at("bytes_of").at("pings"), 0);
}

TEST_F(PlanTest, PacketsAreOtherOnesOverIpv6AndWithoutTimestamps) {
  const auto of_messages = [&](const Words& more) {
    return way(plan(more), "holdfast").at("bytes_of").at("messages").get<double>();
  };
  const double usual = of_messages({});
  EXPECT_EQ(of_messages({"--ipv6"}) - usual, 86'400 * 3 * 20);
  EXPECT_EQ(usual - of_messages({"--no-timestamps"}), 86'400 * 3 * 12);
  EXPECT_EQ(usual - of_messages({"--topic-bytes", "1"}), 86'400 * 16);
}

TEST_F(PlanTest, ATariffIsOfTheUnitThatItNames) {
  const std::map<std::string, double> per_megabyte{{"2/MB", 2}, {"0.5/kB", 500}, {"15/GB", 0.015}};
  for (const auto& [tariff, price] : per_megabyte) {
    const Json priced = plan({"--tariff", tariff});
    const Json one = way(priced, "https_post");
    EXPECT_NEAR(one.at("cost"), one.at("bytes").get<double>() / 1e6 * price, 1e-6) << tariff;
  }
}

TEST_F(PlanTest, TakesTheLineFromALedger) {
  const Json month = plan({"--measured", state_dir_of(4, 0.25)});
  const Json measured = month.at("measured");
  EXPECT_EQ(measured.at("whole_days"), 4);
  EXPECT_EQ(measured.at("bytes_per_day"), 1'000'000);
  EXPECT_EQ(measured.at("connections_per_day"), 10);
  EXPECT_EQ(measured.at("repeated_share"), 0.25);
  EXPECT_EQ(measured.at("set_up_tls_bytes"), 1'100);
  EXPECT_EQ(month.at("reconnects_per_day"), 10);
  // What is lost on the way is sent again by everybody.
  const Json clean = plan({"--reconnects-per-day", "10"});
  EXPECT_NEAR(bytes(month, "https_post"), 1.25 * bytes(clean, "https_post"), 1);
  EXPECT_GT(way(month, "holdfast").at("bytes_of").at("set_ups"),
            1.25 * way(clean, "holdfast").at("bytes_of").at("set_ups").get<double>());
  // What is told beats what was measured.
  const Json told = plan({"--measured", dir_.path().string(), "--reconnects-per-day", "3"});
  EXPECT_EQ(told.at("reconnects_per_day"), 3);
}

TEST_F(PlanTest, ALedgerOfItsFirstDayTellsNoReconnections) {
  const Json month = plan({"--measured", state_dir_of(0, 0)});
  EXPECT_EQ(month.at("measured").at("whole_days"), 0);
  EXPECT_EQ(month.at("reconnects_per_day"), 24);
  const CliResult text = cli({"plan", "--payload", "44", "--measured", dir_.path().string()});
  EXPECT_NE(text.out.find("no day of it is over"), std::string::npos) << text.out;
}

TEST_F(PlanTest, IsATableForAPerson) {
  const CliResult result = cli({"plan", "--payload", "44", "--every", "30s", "--delay", "5min",
                                "--reconnects-per-day", "24", "--tariff", "2/MB"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_NE(result.out.find("86,400 readings"), std::string::npos) << result.out;
  for (const char* const way :
       {"HTTPS POST, a connection each", "libmosquitto, QoS 1", "Holdfast, 10 a message", "cost"}) {
    EXPECT_NE(result.out.find(way), std::string::npos) << way << "\n" << result.out;
  }
}

TEST_F(PlanTest, RefusesWhatIsNoPlan) {
  expect_refused({"--payload", "0"}, "--payload");
  expect_refused({"--every", "0"}, "--every");
  expect_refused({"--every", "soon"}, "soon");
  expect_refused({"--delay", "25h"}, "--delay");
  expect_refused({"--reconnects-per-day", "-1"}, "--reconnects-per-day");
  expect_refused({"--reconnects-per-day", "nan"}, "--reconnects-per-day");
  expect_refused({"--tariff", "2"}, "2/MB");
  expect_refused({"--tariff", "-2/MB"}, "--tariff");
  expect_refused({"--tariff", "inf/MB"}, "--tariff");
  expect_refused({"--channels", "1000"}, "--channels");
  expect_refused({"--measured", path("nowhere")}, "nowhere");
  write_file(dir_.path() / "ledger.1.a", "rubbish");
  expect_refused({"--measured", dir_.path().string()}, "--measured");
}

}  // namespace
}  // namespace holdfast::test
