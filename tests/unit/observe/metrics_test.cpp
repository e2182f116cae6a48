// Is it Prometheus' text format, word for word, and is every figure in it?
// https://prometheus.io/docs/instrumenting/exposition_formats/ (text-based format, 0.0.4)

#include "observe/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace holdfast::observe {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Key;
using testing::Not;
using testing::Pair;

// What a scraper makes of it; complains of every line that the format does not allow.
class Scrape {
 public:
  explicit Scrape(const std::string& text) {
    EXPECT_TRUE(text.ends_with('\n')) << "the last line must end";
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) read(line);
  }

  const std::map<std::string, std::string>& samples() const { return samples_; }
  const std::map<std::string, std::string>& types() const { return types_; }

 private:
  void read(const std::string& line) {
    static const std::regex help(R"(# HELP (holdfast_[a-z0-9_]+) ([^\\\n]+))");
    static const std::regex type(R"(# TYPE (holdfast_[a-z0-9_]+) (counter|gauge))");
    static const std::regex sample(
        R"re((holdfast_[a-z0-9_]+)(\{([a-z_]+="([^"\\\n]|\\[\\"n])*",?)+\})? ([0-9]+(\.[0-9]+)?))re");
    std::smatch match;
    if (std::regex_match(line, match, help)) {
      EXPECT_TRUE(helped_.insert(match[1]).second) << "a second HELP of " << match[1];
      family_ = match[1];
    } else if (std::regex_match(line, match, type)) {
      EXPECT_EQ(match[1], family_) << "TYPE belongs behind its HELP";
      EXPECT_TRUE(types_.emplace(match[1], match[2]).second) << line;
    } else if (std::regex_match(line, match, sample)) {
      EXPECT_EQ(match[1], family_) << "the samples of a family stand together";
      EXPECT_TRUE(types_.contains(match[1])) << line;
      EXPECT_TRUE(samples_.emplace(match.str(1) + match.str(2), match[5]).second) << line;
    } else {
      ADD_FAILURE() << "no line of the format: " << line;
    }
  }

  std::string family_;
  std::set<std::string> helped_;
  std::map<std::string, std::string> types_;
  std::map<std::string, std::string> samples_;
};

Snapshot a_snapshot() {
  Snapshot snapshot;
  snapshot.client_id = "truck-17";
  snapshot.broker = "mqtts://broker.example.com";
  snapshot.uptime = std::chrono::milliseconds(61'005);
  snapshot.status.state = State::connected;
  snapshot.status.counters.delivered = 41;
  snapshot.status.ledger.made[Cause::keep_alive] = {104, 52};
  snapshot.status.ledger.full_handshakes = 1;
  snapshot.events["connected"] = 1;
  return snapshot;
}

TEST(Metrics, AreInTheFormat) {
  Snapshot snapshot = a_snapshot();
  const Scrape bare(metrics_text(snapshot));
  EXPECT_THAT(bare.types(), Not(Contains(Key("holdfast_budget_used_bytes"))));
  snapshot.status.budget = BudgetStatus{.allowance = 1, .projection = 2, .renews = 3};
  const Scrape whole(metrics_text(snapshot));
  EXPECT_THAT(whole.samples(), Contains(Pair("holdfast_budget_projected_bytes", "2")));
  EXPECT_THAT(whole.samples(), Contains(Pair("holdfast_budget_renewal_timestamp_seconds", "3")));
}

TEST(Metrics, SayWhatTheDeviceIs) {
  const Scrape scrape(metrics_text(a_snapshot()));
  EXPECT_THAT(scrape.samples(), Contains(Pair("holdfast_messages_delivered_total", "41")));
  EXPECT_THAT(scrape.samples(), Contains(Pair("holdfast_uptime_seconds", "61.005")));
  EXPECT_THAT(scrape.samples(), Contains(Pair("holdfast_state{state=\"connected\"}", "1")));
  EXPECT_THAT(scrape.samples(), Contains(Pair("holdfast_state{state=\"waiting\"}", "0")));
  EXPECT_THAT(
      scrape.samples(),
      Contains(Pair("holdfast_ip_bytes_total{cause=\"keep_alive\",direction=\"down\"}", "52")));
  EXPECT_THAT(scrape.samples(), Contains(Pair("holdfast_handshakes_total{kind=\"full\"}", "1")));
  EXPECT_THAT(scrape.samples(), Contains(Pair("holdfast_events_total{kind=\"connected\"}", "1")));
}

TEST(Metrics, EachCauseIsThereBothWays) {
  const Scrape scrape(metrics_text(a_snapshot()));
  for (std::size_t cause = 0; cause < kCauses; ++cause) {
    for (const char* const direction : {"up", "down"}) {
      EXPECT_THAT(scrape.samples(), Contains(Key("holdfast_ip_bytes_total{cause=\"" +
                                                 std::string(to_string(static_cast<Cause>(cause))) +
                                                 "\",direction=\"" + direction + "\"}")));
    }
  }
}

// https://prometheus.io/docs/practices/naming/
TEST(Metrics, CountersEndInTotalAndGaugesDoNot) {
  Snapshot snapshot = a_snapshot();
  snapshot.status.budget = BudgetStatus{.projection = 2, .renews = 3};
  const Scrape scrape(metrics_text(snapshot));
  for (const auto& [name, type] : scrape.types()) {
    EXPECT_EQ(name.ends_with("_total"), type == "counter") << name;
  }
}

TEST(Metrics, LabelsAreEscaped) {
  Snapshot snapshot = a_snapshot();
  snapshot.client_id = "a\"b\\c\nd";
  const std::string text = metrics_text(snapshot);
  EXPECT_THAT(text, HasSubstr(R"(client_id="a\"b\\c\nd")"));
  const Scrape scrape(text);
}

}  // namespace
}  // namespace holdfast::observe
