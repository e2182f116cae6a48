// Does `holdfast pub --lines --state-dir` store what it reads, say so, and deliver later what it
// could not?

#include <nlohmann/json.hpp>

#include <csignal>
#include <set>
#include <sstream>

#include "cli/cli_fixture.hpp"
#include "support/subscriber.hpp"

namespace holdfast::test {
namespace {

using Json = nlohmann::json;

class PubStoreTest : public BrokerCliTest {
 protected:
  Words store(std::uint16_t port, Words more = {}) const {
    Words all{"--topic", "t", "--lines", "--json", "--state-dir", path("state")};
    all.insert(all.end(), more.begin(), more.end());
    return words("pub", port, all);
  }
  /// One that remembers its subscribers over a restart, so that they miss nothing.
  std::unique_ptr<Mosquitto> make_lasting_broker() {
    std::filesystem::create_directory(path("broker"));
    return make_broker({.persistence_dir = path("broker")});
  }
  /// The lines for which a receipt was printed; `summary` is the last object.
  static std::set<int> receipts(const std::string& out, Json& summary) {
    std::set<int> lines;
    std::istringstream text(out);
    for (std::string line; std::getline(text, line);) {
      summary = Json::parse(line);
      if (!summary.contains("line")) continue;
      EXPECT_EQ(summary.at("stored"), true);
      lines.insert(summary.at("line").get<int>());
    }
    return lines;
  }
};

TEST_F(PubStoreTest, EachLineGetsItsReceiptAndIsDelivered) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t"});
  const auto result = cli(store(broker->tls_port()), "one\ntwo\nthree\n");
  ASSERT_EQ(result.status, 0) << result.err;
  Json summary;
  EXPECT_EQ(receipts(result.out, summary), (std::set<int>{1, 2, 3}));
  EXPECT_EQ(summary.at("published"), 3);
  EXPECT_EQ(summary.at("delivered"), 3);
  EXPECT_EQ(summary.at("kept"), 0);
  ASSERT_TRUE(subscriber.wait_for_count(3, kBound));
}

TEST_F(PubStoreTest, WhatCouldNotBeDeliveredGoesWithTheNextCall) {
  auto broker = make_lasting_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t"});
  const auto port = broker->tls_port();
  broker->stop();
  const auto offline = cli(store(port, {"--timeout", "1s"}), "one\ntwo\n");
  EXPECT_EQ(offline.status, 4) << offline.err;
  EXPECT_TRUE(offline.says("2 are kept in " + path("state"))) << offline.err;
  Json summary;
  EXPECT_EQ(receipts(offline.out, summary), (std::set<int>{1, 2}));
  EXPECT_EQ(summary.at("kept"), 2);

  broker->start();
  const auto online = cli(store(port), "three\n");
  EXPECT_EQ(online.status, 0) << online.err;
  EXPECT_EQ(receipts(online.out, summary), (std::set<int>{1}));
  EXPECT_EQ(summary.at("published"), 1);
  EXPECT_EQ(summary.at("delivered"), 3);
  ASSERT_TRUE(subscriber.wait_for_count(3, kBound));
  std::vector<std::string> payloads;
  for (const auto& message : subscriber.messages()) payloads.push_back(message.payload);
  EXPECT_EQ(payloads, (std::vector<std::string>{"one", "two", "three"}));
}

TEST_F(PubStoreTest, AKilledCallLosesNoLineThatHasAReceipt) {
  auto broker = make_lasting_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "t"});
  const auto port = broker->tls_port();
  broker->stop();
  constexpr int kLines = 500;
  {
    const auto pub = start_cli(store(port, {"--timeout", "0"}));
    for (int n = 1; n <= kLines; ++n) {
      ASSERT_TRUE(pub->write_input("line " + std::to_string(n) + "\n"));
    }
    ASSERT_TRUE(pub->wait_for_lines("stored", kLines, kBound)) << pub->output();
    pub->kill();
  }
  broker->start();
  const auto later = cli(store(port));
  EXPECT_EQ(later.status, 0) << later.err;
  ASSERT_TRUE(subscriber.wait_for_count(kLines, kBound));
  std::set<std::string> seen;
  for (const auto& message : subscriber.messages()) seen.insert(message.payload);
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(kLines));
}

TEST_F(PubStoreTest, AnInterruptionKeepsWhatWasRead) {
  auto broker = make_broker();
  const auto port = broker->tls_port();
  broker->stop();
  const auto pub = start_cli(store(port, {"--timeout", "0"}));
  ASSERT_TRUE(pub->write_input("one\n"));
  ASSERT_TRUE(pub->wait_for_line("stored", kBound)) << pub->output();
  pub->signal(SIGINT);
  EXPECT_EQ(pub->wait_exit(kBound), 130) << pub->output();
  EXPECT_NE(pub->output().find("\"kept\":1"), std::string::npos) << pub->output();
}

TEST_F(PubStoreTest, ASecondCallOnTheDirectoryIsToldWhoHasIt) {
  auto broker = make_broker();
  const auto first = start_cli(store(broker->tls_port(), {"--timeout", "0"}));
  ASSERT_TRUE(first->write_input("one\n"));
  ASSERT_TRUE(first->wait_for_line("stored", kBound)) << first->output();
  const auto second = cli(store(broker->tls_port()), "two\n");
  EXPECT_EQ(second.status, 2);
  EXPECT_TRUE(second.says(path("state"))) << second.err;
  EXPECT_TRUE(second.says("another")) << second.err;
}

TEST_F(PubStoreTest, ARefusedLineIsToldAndTheOthersAreDelivered) {
  const auto acl = dir_.write("acl", "topic readwrite other\n");
  const auto broker =
      make_broker({.extra_lines = {"acl_file " + acl.string(), "max_queued_messages 0"}});
  const auto result = cli(store(broker->tls_port()), "one\n");
  EXPECT_NE(result.status, 0);
  EXPECT_TRUE(result.says("0x87")) << result.err;
}

}  // namespace
}  // namespace holdfast::test
