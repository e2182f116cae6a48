// Do the samples behave towards a service manager? The test plays the manager: it has the socket
// that they tell it things by, and ends them as it does.

#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <ostream>
#include <regex>

#include <holdfast/device.hpp>

#include "command_generated.h"
#include "samples/sample_fixture.hpp"
#include "support/notify_socket.hpp"
#include "support/subscriber.hpp"

namespace holdfast::test {
namespace {

struct Sample {
  const char* name;
  const char* program;
  const char* unit;
  Words words;  // DIR stands for the test's own directory

  friend void PrintTo(const Sample& sample, std::ostream* out) { *out << sample.name; }
};

std::vector<Sample> samples() {
  return {{"board", HOLDFAST_BOARD, "02_board/holdfast-board.service", {"--every", "20ms"}},
          {"vehicle",
           HOLDFAST_VEHICLE,
           "03_vehicle/holdfast-vehicle.service",
           {"--state-dir", "DIR/state", "--gpsd", "127.0.0.1:1", "--drain", "1s"}},
          {"commands",
           HOLDFAST_COMMANDS,
           "04_commands/holdfast-commands.service",
           {"--state-dir", "DIR/state", "--line", "file:DIR/pump", "--max-pulse", "100ms"}},
          {"backend",
           HOLDFAST_FLEET_BACKEND,
           "06_backend/holdfast-backend.service",
           {"--state-dir", "DIR/state", "--db", "DIR/fleet.db", "--http-port", "0"}}};
}

class ServiceTest : public SampleTest, public ::testing::WithParamInterface<Sample> {
 protected:
  Words words() const {
    Words all = GetParam().words;
    for (std::string& word : all) {
      if (const auto at = word.find("DIR/"); at != word.npos) word.replace(at, 3, dir_.path());
    }
    return all;
  }
  Variables manager_says() const {
    return {{"NOTIFY_SOCKET", manager_.name()}, {"WATCHDOG_USEC", "400000"}};
  }

  NotifySocket manager_;
};

INSTANTIATE_TEST_SUITE_P(Samples, ServiceTest, ::testing::ValuesIn(samples()),
                         [](const auto& instance) { return std::string(instance.param.name); });

TEST_P(ServiceTest, IsReadyWithItsSessionFeedsTheWatchdogAndTellsItsEnd) {
  broker_.stop();
  const auto program = start(GetParam().program, words(), manager_says());
  ASSERT_TRUE(manager_.wait_for("STATUS=connect_failed", kBound)) << program->output();
  const auto& before = manager_.all();
  EXPECT_EQ(std::count(before.begin(), before.end(), "READY=1"), 0) << "there is no session yet";
  broker_.start();
  ASSERT_TRUE(manager_.wait_for("STATUS=connected to", kBound)) << program->output();
  ASSERT_TRUE(manager_.wait_for("READY=1", kBound)) << program->output();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(manager_.wait_for("WATCHDOG=1", kBound)) << i;
  program->signal(SIGTERM);
  EXPECT_TRUE(manager_.wait_for("STOPPING=1", kBound)) << program->output();
  EXPECT_EQ(program->wait_exit(kBound), 0) << program->output();
  const auto& all = manager_.all();
  EXPECT_EQ(std::count(all.begin(), all.end(), "READY=1"), 1);
}

TEST_P(ServiceTest, TheJournalGetsLevels) {
  broker_.stop();
  Words argv{"sh", "-c", R"(exec >"$0" 2>&1; JOURNAL_STREAM=$(stat -Lc %d:%i "$0") exec "$@")",
             path("journal")};
  argv.insert(argv.end(), {GetParam().program, "--broker", url(), "--pin", key_.pin, "--one-pin"});
  const Words more = words();
  argv.insert(argv.end(), more.begin(), more.end());
  const auto program = Process::spawn(std::move(argv), {.environment = manager_says()});
  ASSERT_TRUE(manager_.wait_for("STATUS=connect_failed", kBound)) << read_file(path("journal"));
  program->signal(SIGTERM);
  ASSERT_TRUE(program->wait_exit(kBound));
  const std::string journal = read_file(path("journal"));
  EXPECT_NE(journal.find("<6>connecting to"), std::string::npos) << journal;
  EXPECT_NE(journal.find("<4>connect_failed: "), std::string::npos) << journal;
}

// What is shipped says where an installed program is; the one that was built is put there.
TEST_P(ServiceTest, ItsUnitIsInGoodFormAndShutsItIn) {
  if (run({"sh", "-c", "command -v systemd-analyze"}, kBound).status != 0) {
    GTEST_SKIP() << "no systemd-analyze here; Debian's package systemd has it";
  }
  const std::filesystem::path shipped = std::filesystem::path(HOLDFAST_SAMPLES) / GetParam().unit;
  const std::string unit = read_file(shipped);
  const std::regex place("ExecStart=/usr/local/bin/holdfast-[a-z]+ ");
  ASSERT_TRUE(std::regex_search(unit, place)) << unit;
  const auto file = dir_.write(
      shipped.filename(),
      std::regex_replace(unit, place, std::string("ExecStart=") + GetParam().program + " "));
  const auto verified = run({"systemd-analyze", "verify", "--man=no", file.string()}, kBound);
  EXPECT_EQ(verified.output.find(shipped.filename()), std::string::npos) << verified.output;
  // 0 is shut in, 100 is wide open; what systemd calls "OK" begins below 50.
  const auto security = run({"systemd-analyze", "security", "--no-pager", "--offline=true",
                             "--threshold=25", file.string()},
                            kBound);
  EXPECT_EQ(security.status, 0) << security.output;
}

TEST_P(ServiceTest, ItsUnitSaysWhatTheProgramRestsOn) {
  const std::string unit = read_file(std::filesystem::path(HOLDFAST_SAMPLES) / GetParam().unit);
  for (const char* line :
       {"\nType=notify\n", "\nWatchdogSec=", "\nStateDirectory=holdfast-",
        "\nEnvironment=HOLDFAST_DEVICE_STATE_DIR=%S/holdfast-", "\nRestart=on-failure\n",
        "\nNoNewPrivileges=yes\n", "\nCapabilityBoundingSet=\n", "\nMemoryDenyWriteExecute=yes\n",
        "\nRestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK\n"}) {
    EXPECT_NE(unit.find(line), std::string::npos) << line;
  }
  // ProtectClock= and @clock forbid to ask whether the clock is synchronised.
  EXPECT_EQ(unit.find("\nProtectClock="), std::string::npos);
  EXPECT_GT(unit.find("\nSystemCallFilter=adjtimex"), unit.find("\nSystemCallFilter=~@privileged"));
}

class HangingLineTest : public SampleTest {
 protected:
  std::unique_ptr<Process> start_commands(const NotifySocket& manager) const {
    return start(HOLDFAST_COMMANDS,
                 {"--topic", "cmd", "--state-dir", path("state"), "--line", "file:" + path("pump"),
                  "--max-pulse", "1ms"},
                 {{"NOTIFY_SOCKET", manager.name()}, {"WATCHDOG_USEC", "200000"}});
  }
};

// A file that is a pipe without a reader hangs whoever opens it, as a driver may.
TEST_F(HangingLineTest, StarvesTheWatchdogAndItsCommandIsNotRunAgain) {
  NotifySocket manager;
  Subscriber subscriber({.port = broker_.plain_port(), .filter = "answers"});
  Publisher publisher({.port = broker_.plain_port()});
  CommandT command;
  command.verb = "on";
  const auto ask = [&] {
    publisher.publish("cmd", as_text(as_payload(pack<Command>(command))), 1, false,
                      {.response_topic = "answers", .correlation_data = "1", .expiry_s = 600});
  };
  {
    const auto program = start_commands(manager);
    ASSERT_TRUE(program->wait_for_line("subscribed", kBound)) << program->output();
    ASSERT_TRUE(manager.wait_for("WATCHDOG=1", kBound));
    std::filesystem::remove(path("pump"));
    ASSERT_EQ(::mkfifo(path("pump").c_str(), 0600), 0);
    ask();
    ASSERT_TRUE(manager.wait_for("STATUS=something hangs", kBound)) << program->output();
    EXPECT_EQ(subscriber.count(), 0u);
    program->kill();  // as the manager does
  }
  std::filesystem::remove(path("pump"));
  const auto program = start_commands(manager);
  ASSERT_TRUE(program->wait_for_line("subscribed", kBound)) << program->output();
  ask();
  ASSERT_TRUE(subscriber.wait_for_count(1, kBound)) << program->output();
  EXPECT_EQ(subscriber.messages()[0].payload.substr(4, 4), "HFCE") << "nobody knows whether it ran";
  EXPECT_EQ(read_file(path("pump")), "0\n");
}

}  // namespace
}  // namespace holdfast::test
