// Does `holdfast status` tell how a device is, by its process or by its files, and does the doctor
// ask the device first?

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

#include "cli/doctor_fixture.hpp"
#include "observe/event_file.hpp"
#include "support/event_wait.hpp"
#include "support/ports.hpp"

namespace holdfast::test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class StatusTest : public DoctorTest {
 protected:
  StatusTest() : broker_(make_broker()) {}

  /// A device in a process of its own, which is connected.
  std::unique_ptr<Process> start_device() {
    auto device =
        start_cli(words("sub", broker_->tls_port(),
                        {"--topic", "t", "--client-id", "truck", "--state-dir", "state"}));
    EXPECT_TRUE(broker_->wait_log("Sending SUBACK to truck", kBound)) << broker_->log();
    return device;
  }
  /// Killed as the kernel kills: nothing is written any more, and nothing removed.
  void kill(Process& device) const {
    // What it has told last is on its way to the file, by a thread of its own.
    EXPECT_TRUE(eventually([this] { return last_kept() == "subscribed"; }, kBound)) << last_kept();
    device.signal(SIGKILL);
    device.wait_exit(kBound);
  }
  std::string last_kept() const {
    std::string remark;
    const auto records = observe::EventFile::peek(path("state"), remark).records;
    return records.empty() ? "" : records.back().kind;
  }
  CliResult status(const Words& more = {}) {
    Words all{"status", "--state-dir", "state"};
    all.insert(all.end(), more.begin(), more.end());
    return cli(all);
  }
  Json status_json(int code = 0) {
    const auto result = status({"--json"});
    EXPECT_EQ(result.status, code) << result.err;
    return Json::parse(result.out);
  }

  std::unique_ptr<Mosquitto> broker_;
};

// --- A device that runs --------------------------------------------------------------------------

TEST_F(StatusTest, TellsAPersonHowADeviceIs) {
  const auto device = start_device();
  const auto told = status();
  EXPECT_EQ(told.status, 0) << told.err;
  const std::string address = "127.0.0.1:" + std::to_string(broker_->tls_port());
  EXPECT_THAT(told.out, HasSubstr("truck, process " + std::to_string(device->pid())));
  EXPECT_THAT(told.out, HasSubstr("connected to " + address));
  EXPECT_THAT(told.out, HasSubstr("vouched by   " + key_.pin));
  EXPECT_THAT(told.out, HasSubstr("0 delivered of 0 accepted"));
  EXPECT_THAT(told.out, HasSubstr("1 connection, 1 full and 0 resumed handshakes"));
  EXPECT_THAT(told.out, HasSubstr("mqtt_control"));
  EXPECT_THAT(told.out, HasSubstr("connected to " + address + ", vouched for by"));
  EXPECT_EQ(told.out.find('\x1b'), std::string::npos);
}

TEST_F(StatusTest, TellsAScript) {
  const auto device = start_device();
  const Json told = status_json();
  EXPECT_EQ(told.at("running"), true);
  EXPECT_EQ(told.at("status").at("state"), "connected");
  EXPECT_EQ(told.at("status").at("pid"), device->pid());
  EXPECT_FALSE(told.at("events").empty());
  EXPECT_EQ(Json::parse(status({"--json", "--events", "1"}).out).at("events").size(), 1U);
  EXPECT_TRUE(Json::parse(status({"--json", "--events", "0"}).out).at("events").empty());
}

TEST_F(StatusTest, TellsACollector) {
  const auto device = start_device();
  const auto told = status({"--metrics"});
  EXPECT_EQ(told.status, 0) << told.err;
  EXPECT_THAT(told.out, AllOf(HasSubstr("\nholdfast_up 1\n"),
                              HasSubstr("\nholdfast_state{state=\"connected\"} 1\n")));
  EXPECT_EQ(status({"--metrics", "--json"}).status, 2);
}

TEST_F(StatusTest, WatchesUntilItIsToldToEnd) {
  const auto device = start_device();
  const auto watch =
      start_cli({"status", "--state-dir", "state", "--watch", "--interval", "100ms", "--json"});
  ASSERT_TRUE(watch->wait_for_lines("\"running\":true", 3, kBound)) << watch->output();
  kill(*device);
  ASSERT_TRUE(watch->wait_for_line("\"running\":false", kBound)) << watch->output();
  watch->signal(SIGINT);
  EXPECT_EQ(watch->wait_exit(kBound), 0);
  EXPECT_EQ(status({"--watch", "--interval", "1ms"}).status, 2);
}

// --- One that does not ---------------------------------------------------------------------------

TEST_F(StatusTest, TellsWhatAKilledDeviceHasLeft) {
  const auto device = start_device();
  kill(*device);
  EXPECT_TRUE(there("state/status.sock"));
  const auto told = status();
  EXPECT_EQ(told.status, 4);
  EXPECT_THAT(told.out, HasSubstr("nobody answers on state: the process that made the status "
                                  "socket is gone"));
  EXPECT_THAT(told.out, HasSubstr("connected to 127.0.0.1"));
  const Json json = status_json(4);
  EXPECT_EQ(json.at("running"), false);
  EXPECT_EQ(json.at("in_use"), false);
  EXPECT_TRUE(json.at("status").is_null());
  EXPECT_EQ(json.at("events").back().at("kind"), "subscribed");
}

TEST_F(StatusTest, TellsWhatAStoppedDeviceHasSpent) {
  const auto device = start_device();
  device->signal(SIGINT);
  ASSERT_EQ(device->wait_exit(kBound), 0);
  EXPECT_FALSE(there("state/status.sock"));
  const auto told = status();
  EXPECT_EQ(told.status, 4);
  EXPECT_THAT(told.out, AllOf(HasSubstr("there is no status socket in it"),
                              HasSubstr("1 connection since the directory is in use"),
                              HasSubstr("handshake"), HasSubstr("stopped")));
  const Json json = status_json(4);
  EXPECT_EQ(json.at("installation").at("connections"), 1);
  EXPECT_GT(json.at("installation").at("ip_bytes").at("up"), 500);
  EXPECT_EQ(json.at("events").back().at("kind"), "stopped");
}

TEST_F(StatusTest, ACollectorLearnsThatNobodyRuns) {
  const auto device = start_device();
  kill(*device);
  const auto told = status({"--metrics"});
  EXPECT_EQ(told.status, 4);
  EXPECT_THAT(told.out, AllOf(StartsWith("# HELP"), HasSubstr("\nholdfast_up 0\n")));
  EXPECT_TRUE(told.says("no process answers"));
}

TEST_F(StatusTest, NamesAProcessThatHasNoSocket) {
  write_file(dir_.path() / "quiet.toml", "[device]\nstatus_socket = false\n");
  const auto device = start_cli(words("sub", broker_->tls_port(),
                                      {"--topic", "t", "--client-id", "quiet", "--state-dir",
                                       "state", "--config", path("quiet.toml")}));
  ASSERT_TRUE(broker_->wait_log("Sending SUBACK to quiet", kBound)) << broker_->log();
  const auto told = status();
  EXPECT_EQ(told.status, 4);
  EXPECT_THAT(told.out,
              HasSubstr("process " + std::to_string(device->pid()) + " uses the directory"));
}

TEST_F(StatusTest, ReadsACopyOfADirectory) {
  const auto device = start_device();
  kill(*device);
  fs::create_directory(dir_.path() / "copy");
  fs::copy_file(dir_.path() / "state/events.1.ring", dir_.path() / "copy/events.1.ring");
  const auto told = cli({"status", "--state-dir", "copy"});
  EXPECT_EQ(told.status, 4) << told.err;
  EXPECT_THAT(told.out, AllOf(HasSubstr("connected to"), HasSubstr("no ledger")));
}

TEST_F(StatusTest, TextsOfTheDeviceDoNotSteerATerminal) {
  fs::create_directory(dir_.path() / "state");
  auto record = observe::record_of({EventKind::warning, {}, "\x1b[2J\xFF gone"}, {});
  record.record = record.event = 1;
  ASSERT_FALSE(observe::EventFile(dir_.path() / "state").write({record}));
  const auto told = status();
  EXPECT_EQ(told.out.find('\x1b'), std::string::npos);
  EXPECT_THAT(told.out, HasSubstr("\\x1b[2J"));
}

TEST_F(StatusTest, RefusesWhatIsNoStateDirectory) {
  write_file(dir_.path() / "file", "");
  for (const char* const wrong : {"nowhere", "file"}) {
    const auto told = cli({"status", "--state-dir", wrong});
    EXPECT_EQ(told.status, 2) << wrong;
    EXPECT_TRUE(told.says("state_dir of a device")) << told.err;
    EXPECT_THAT(told.out, IsEmpty());
  }
  EXPECT_EQ(cli({"status"}).status, 2);
  EXPECT_EQ(status({"--events", "513"}).status, 2);
}

// --- The doctor ----------------------------------------------------------------------------------

TEST_F(StatusTest, TheDoctorAsksTheDeviceFirst) {
  const auto device = start_device();
  const Visit well = visit(words("doctor", broker_->tls_port(), {"--state-dir", path("state")}));
  EXPECT_EQ(well.status, 0) << well.err;
  EXPECT_EQ(well.json.at("steps")[0].at("step"), "device");
  EXPECT_EQ(well.finding("device"), "good");
  EXPECT_TRUE(well.says("device", "connected to")) << well.text("device");
  EXPECT_EQ(well.step("device").at("vouching_pin"), key_.pin);
  EXPECT_TRUE(well.step("device").at("broker").is_null());
  EXPECT_TRUE(device->running()) << "it was not disturbed";
}

TEST_F(StatusTest, TheDoctorTellsWhyADeviceIsNotConnected) {
  const auto device = start_cli(
      {"sub", "--broker", "mqtts://127.0.0.1:" + std::to_string(unused_port()), "--pin", key_.pin,
       "--pin", backup_.pin, "--topic", "t", "--state-dir", "state", "--timeout", "0"});
  ASSERT_TRUE(eventually([this] { return last_kept() == "waiting"; }, kBound)) << device->output();
  const Visit seen = visit(words("doctor", broker_->tls_port(), {"--state-dir", path("state")}));
  EXPECT_EQ(seen.status, 0) << "the way is good: " << seen.err;
  EXPECT_EQ(seen.finding("device"), "failed");
  EXPECT_TRUE(seen.says("device", "It says: connect_failed")) << seen.text("device");
}

TEST_F(StatusTest, TheDoctorTellsThatNoneRuns) {
  const auto device = start_device();
  kill(*device);
  const Visit seen = visit(words("doctor", broker_->tls_port(), {"--state-dir", path("state")}));
  EXPECT_EQ(seen.status, 0) << seen.err;
  EXPECT_EQ(seen.finding("device"), "good");
  EXPECT_TRUE(seen.says("device", "no process runs on")) << seen.text("device");
  EXPECT_TRUE(seen.says("device", "Its last event: ")) << seen.text("device");
  EXPECT_EQ(cli(words("doctor", broker_->tls_port(), {"--state-dir", "nowhere"})).status, 2);
}

}  // namespace
}  // namespace holdfast::test
