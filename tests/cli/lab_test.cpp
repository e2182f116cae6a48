// Does `holdfast lab` give a broker that pinned devices can use, and leave nothing behind?

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include <csignal>
#include <fstream>

#include "cli/cli_fixture.hpp"
#include "support/event_wait.hpp"

namespace holdfast::test {
namespace {

using Json = nlohmann::json;

bool takes_connections(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in place{};
  place.sin_family = AF_INET;
  place.sin_port = htons(port);
  place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool taken = ::connect(socket, reinterpret_cast<sockaddr*>(&place), sizeof place) == 0;
  ::close(socket);
  return taken;
}

// The children of its only thread.
std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> all;
  for (const auto& task :
       std::filesystem::directory_iterator("/proc/" + std::to_string(parent) + "/task")) {
    std::ifstream file(task.path() / "children");
    for (pid_t child = 0; file >> child;) all.push_back(child);
  }
  return all;
}

class LabTest : public CliTest {
 protected:
  // Runs until the test ends; what it told is in the members.
  void start(const Words& more = {}) {
    Words all{"lab", "--json"};
    all.insert(all.end(), more.begin(), more.end());
    process_ = start_cli(all);
    const auto line = process_->wait_for_line("{\"broker\"", kBound);
    ASSERT_TRUE(line) << process_->output();
    const Json told = Json::parse(*line);
    url_ = told.at("broker");
    pins_ = told.at("pins").get<std::vector<std::string>>();
    config_ = told.at("config");
    port_ = static_cast<std::uint16_t>(std::stoul(url_.substr(url_.rfind(':') + 1)));
  }

  int stop() {
    process_->signal(SIGINT);
    return process_->wait_exit(kBound).value_or(-1);
  }

  CliResult publish() {
    return cli({"pub", "--config", config_, "--topic", "t", "--message", "hello"});
  }

  std::unique_ptr<Process> process_;
  std::string url_;
  std::vector<std::string> pins_;
  std::string config_;
  std::uint16_t port_ = 0;
};

TEST_F(LabTest, CarriesMessagesOfPinnedClientsOnly) {
  ASSERT_NO_FATAL_FAILURE(start());
  ASSERT_EQ(pins_.size(), 2u);
  EXPECT_NE(pins_[0], pins_[1]);
  const auto sub = start_cli({"sub", "--broker", url_, "--pin", pins_[0], "--pin", pins_[1],
                              "--topic", "t", "--count", "1"});
  const auto sent =
      cli({"pub", "--config", config_, "--topic", "t", "--message", "kept", "--retain"});
  EXPECT_EQ(sent.status, 0) << sent.err;
  EXPECT_TRUE(sub->wait_for_line("kept", kBound)) << sub->output();
  const std::string other = "sha256/" + std::string(43, 'A') + "=";
  EXPECT_EQ(cli({"pub", "--broker", url_, "--pin", other, "--pin", pins_[1], "--topic", "t",
                 "--message", "x"})
                .status,
            3);
}

TEST_F(LabTest, LeavesNothingBehind) {
  ASSERT_NO_FATAL_FAILURE(start());
  const auto scratch = std::filesystem::path(config_).parent_path();
  EXPECT_TRUE(std::filesystem::exists(scratch));
  EXPECT_TRUE(takes_connections(port_));
  EXPECT_EQ(stop(), 0) << process_->output();
  EXPECT_FALSE(std::filesystem::exists(scratch));
  EXPECT_FALSE(takes_connections(port_));
}

TEST_F(LabTest, ItsBrokerDoesNotOutliveIt) {
  ASSERT_NO_FATAL_FAILURE(start());
  const auto children = children_of(process_->pid());
  ASSERT_EQ(children.size(), 1u);
  process_->kill();
  EXPECT_TRUE(eventually([&] { return !takes_connections(port_); }, kBound));
  std::filesystem::remove_all(std::filesystem::path(config_).parent_path());
}

TEST_F(LabTest, TellsThatItsBrokerHasEnded) {
  ASSERT_NO_FATAL_FAILURE(start());
  const auto children = children_of(process_->pid());
  ASSERT_EQ(children.size(), 1u);
  ::kill(children.front(), SIGTERM);
  EXPECT_EQ(process_->wait_exit(kBound), 4) << process_->output();
  EXPECT_TRUE(process_->wait_for_line("the broker has ended", kBound)) << process_->output();
}

TEST_F(LabTest, KeepsItsKeysWhereItIsTold) {
  ASSERT_NO_FATAL_FAILURE(start({"--keys", "kept"}));
  const auto first = pins_;
  EXPECT_EQ(first[0], pin_of(dir_.path() / "kept/broker.crt"));
  EXPECT_EQ(first[1], pin_of(dir_.path() / "kept/backup.crt"));
  EXPECT_EQ(stop(), 0);
  ASSERT_NO_FATAL_FAILURE(start({"--keys", "kept"}));
  EXPECT_EQ(pins_, first);
  EXPECT_EQ(publish().status, 0);
  EXPECT_EQ(stop(), 0);
  ASSERT_NO_FATAL_FAILURE(start());
  EXPECT_NE(pins_, first);
  EXPECT_EQ(stop(), 0);
  // A rotation played by hand: the backup goes into service.
  shell("mv kept/backup.key kept/broker.key && mv kept/backup.crt kept/broker.crt");
  ASSERT_NO_FATAL_FAILURE(start({"--keys", "kept"}));
  EXPECT_EQ(pins_[0], first[1]);
  EXPECT_NE(pins_[1], first[0]);
  EXPECT_EQ(publish().status, 0);
}

TEST_F(LabTest, ACertificateOfAnotherKeyIsRefused) {
  ASSERT_EQ(cli({"keygen", "--out", "mixed"}).status, 0);
  shell("cp mixed/backup.key mixed/broker.key");
  const auto result = cli({"lab", "--keys", "mixed"});
  EXPECT_EQ(result.status, 2);
  EXPECT_TRUE(result.says("mixed/broker.crt is not of the key")) << result.err;
}

TEST_F(LabTest, RunsAProgramThatFindsTheBroker) {
  const std::string line = "'" HOLDFAST_CLI "' pub --topic t --message hello || exit 9; exit 7";
  const auto result = cli({"lab", "--", "sh", "-c", line});
  EXPECT_EQ(result.status, 7) << result.err;
  EXPECT_EQ(result.out, "") << "stdout is the program's own";
  const auto missing = cli({"lab", "--", "./no-such-program"});
  EXPECT_EQ(missing.status, 127);
  EXPECT_TRUE(missing.says("./no-such-program cannot be run")) << missing.err;
}

TEST_F(LabTest, EndsItsProgramWhenItIsEnded) {
  process_ = start_cli({"lab", "--", "sh", "-c", "echo began; exec sleep 1000"});
  ASSERT_TRUE(process_->wait_for_line("began", kBound)) << process_->output();
  EXPECT_EQ(stop(), 128 + SIGTERM) << process_->output();
}

TEST_F(LabTest, AsksForALogin) {
  dir_.write("password", "correct horse\n");
  shell("chmod 600 password");
  ASSERT_NO_FATAL_FAILURE(start({"--username", "truck", "--password-file", "password"}));
  EXPECT_EQ(publish().status, 0);
  const auto refused = cli({"pub", "--broker", url_, "--pin", pins_[0], "--pin", pins_[1],
                            "--topic", "t", "--message", "x"});
  EXPECT_EQ(refused.status, 5) << refused.err;
}

TEST_F(LabTest, BadOptionsAreNamed) {
  const auto expect = [this](const Words& more, const std::string& text) {
    Words all{"lab"};
    all.insert(all.end(), more.begin(), more.end());
    const auto result = cli(all);
    EXPECT_EQ(result.status, 2) << text;
    EXPECT_EQ(result.out, "") << text;
    EXPECT_TRUE(result.says(text)) << result.err;
  };
  expect({"--listen", "localhost"}, "--listen is no IP address (localhost)");
  expect({"--listen", "192.0.2.1"}, "--listen cannot be listened on (192.0.2.1");
  expect({"--port", "0"}, "--port");
  expect({"--port", "70000"}, "--port");
  expect({"--mosquitto", "./none"}, "mosquitto did not start (./none cannot be run");
  expect({"--username", "truck"}, "--password-file");
  dir_.write("password", "secret\n");
  expect({"--username", "a:b", "--password-file", "password"}, "leave out the colon");
  ASSERT_NO_FATAL_FAILURE(start());
  expect({"--port", std::to_string(port_)}, "--port is taken by another program");
}

}  // namespace
}  // namespace holdfast::test
