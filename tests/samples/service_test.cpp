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
  Words words;  // DIR stands for the test's own directory

  friend void PrintTo(const Sample& sample, std::ostream* out) { *out << sample.name; }
};

std::vector<Sample> samples() {
  return {{"board", HOLDFAST_BOARD, {"--every", "20ms"}},
          {"vehicle",
           HOLDFAST_VEHICLE,
           {"--state-dir", "DIR/state", "--gpsd", "127.0.0.1:1", "--drain", "1s"}},
          {"commands",
           HOLDFAST_COMMANDS,
           {"--state-dir", "DIR/state", "--line", "file:DIR/pump", "--max-pulse", "100ms"}},
          {"backend",
           HOLDFAST_FLEET_BACKEND,
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

enum class Tells { manager, nothing };

struct Unit {
  const char* name;
  const char* folder;
  Tells tells;  // what its program tells the service manager

  friend void PrintTo(const Unit& unit, std::ostream* out) { *out << unit.name; }
};

class UnitTest : public ::testing::TestWithParam<Unit> {
 protected:
  std::string file_name() const { return std::string("holdfast-") + GetParam().name + ".service"; }
  std::string unit() const {
    return read_file(std::filesystem::path(HOLDFAST_SAMPLES) / GetParam().folder / file_name());
  }
  bool has(const std::string& text) const { return unit().find(text) != std::string::npos; }
};

INSTANTIATE_TEST_SUITE_P(Samples, UnitTest,
                         ::testing::Values(Unit{"hello", "01_hello", Tells::nothing},
                                           Unit{"board", "02_board", Tells::manager},
                                           Unit{"vehicle", "03_vehicle", Tells::manager},
                                           Unit{"commands", "04_commands", Tells::manager},
                                           Unit{"backend", "06_backend", Tells::manager},
                                           Unit{"migrate", "07_migrate", Tells::nothing}),
                         [](const auto& instance) { return std::string(instance.param.name); });

// What is shipped says where an installed program is; one that is here is put there.
TEST_P(UnitTest, IsInGoodFormAndShutsItsProgramIn) {
  if (run({"sh", "-c", "command -v systemd-analyze"}, kBound).status != 0) {
    GTEST_SKIP() << "no systemd-analyze here; Debian's package systemd has it";
  }
  const std::regex place(std::string("\nExecStart=/usr/local/bin/holdfast-") + GetParam().name +
                         "(?=[ \n])");
  ASSERT_TRUE(std::regex_search(unit(), place)) << unit();
  const TempDir dir;
  const auto file =
      dir.write(file_name(), std::regex_replace(unit(), place, "\nExecStart=/bin/true"));
  const auto verified = run({"systemd-analyze", "verify", "--man=no", file.string()}, kBound);
  EXPECT_EQ(verified.output.find(file_name()), std::string::npos) << verified.output;
  // 0 is shut in, 100 is wide open; what systemd calls "OK" begins below 50.
  const auto security = run({"systemd-analyze", "security", "--no-pager", "--offline=true",
                             "--threshold=25", file.string()},
                            kBound);
  EXPECT_EQ(security.status, 0) << security.output;
}

TEST_P(UnitTest, SaysWhatItsProgramRestsOn) {
  for (const char* line :
       {"\nStateDirectory=", "\nStateDirectoryMode=0700\n", "\nRestart=", "\nDynamicUser=yes\n",
        "\nNoNewPrivileges=yes\n", "\nCapabilityBoundingSet=\n", "\nMemoryDenyWriteExecute=yes\n",
        "\nRestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK\n"}) {
    EXPECT_TRUE(has(line)) << line;
  }
  // ProtectClock= and @clock forbid to ask whether the clock is synchronised.
  EXPECT_FALSE(has("\nProtectClock="));
  ASSERT_TRUE(has("\nSystemCallFilter=adjtimex"));
  EXPECT_GT(unit().find("\nSystemCallFilter=adjtimex"),
            unit().find("\nSystemCallFilter=~@privileged"));
}

// A program that tells nothing would never be ready, and be ended by a watchdog.
TEST_P(UnitTest, WaitsForWhatItsProgramTells) {
  const bool tells = GetParam().tells == Tells::manager;
  EXPECT_EQ(has("\nType=notify\n"), tells);
  EXPECT_EQ(has("\nType=exec\n"), !tells);
  EXPECT_EQ(has("\nWatchdogSec="), tells);
  if (!tells) return;
  for (const char* line :
       {"\nStateDirectory=holdfast-", "\nEnvironment=HOLDFAST_DEVICE_STATE_DIR=%S/holdfast-",
        "\nRestart=on-failure\n"}) {
    EXPECT_TRUE(has(line)) << line;
  }
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
