// Does a running device tell its owner how it is, at no cost to what it is there for?

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "base/descriptor.hpp"
#include "integration/device_fixture.hpp"
#include "observe/event_file.hpp"
#include "observe/socket_path.hpp"

namespace holdfast::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;

// Bytes for a test that does not wait for ever.
bool is_readable(int socket) {
  pollfd look{socket, POLLIN, 0};
  return ::poll(&look, 1, static_cast<int>(std::chrono::milliseconds(kBound).count())) > 0;
}

std::string ask(const fs::path& state_dir, std::string request) {
  const Descriptor socket = observe::connect_to_status(state_dir, kBound);
  EXPECT_GE(socket.get(), 0);
  request += '\n';
  ::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL);
  std::string answer;
  std::string part(4096, '\0');
  while (is_readable(socket.get())) {
    const ssize_t bytes = ::read(socket.get(), part.data(), part.size());
    if (bytes <= 0) break;
    answer.append(part, 0, static_cast<std::size_t>(bytes));
  }
  return answer;
}

class ObservingTest : public DeviceTest {
 protected:
  ObservingTest() : broker_(make_broker()) {}

  Options options() {
    Options options = options_for(broker_->tls_port());
    options.state_dir = state_dir_;
    return options;
  }
  json status() { return json::parse(ask(state_dir_, "status")); }
  bool has_socket() const { return fs::exists(fs::symlink_status(state_dir_ / "status.sock")); }

  std::unique_ptr<Mosquitto> broker_;
  fs::path state_dir_ = dir_.path() / "state";
};

TEST_F(ObservingTest, TellsHowAConnectedDeviceIs) {
  WatchedDevice device(options());
  EXPECT_FALSE(has_socket()) << "not before it is started";
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  const MessageId id = device.publish("t", "hello");
  ASSERT_TRUE(device.wait_for_delivery(id));

  const json told = status();
  EXPECT_EQ(told.at("state"), "connected");
  EXPECT_EQ(told.at("client_id"), "device");
  EXPECT_EQ(told.at("pid"), ::getpid());
  EXPECT_EQ(told.at("vouching_pin"), key_.pin);
  EXPECT_EQ(told.at("address"), device->status().address);
  EXPECT_EQ(told.at("counters").at("delivered"), 1);
  EXPECT_EQ(told.at("waiting"), 0);
  const json& process = told.at("ledger").at("process");
  EXPECT_EQ(process.at("connections"), 1);
  std::uint64_t sum = 0;
  for (const auto& [cause, bytes] : process.at("by_cause").items()) {
    sum += bytes.at("up").get<std::uint64_t>();
  }
  EXPECT_EQ(process.at("ip_bytes").at("up"), sum);
  EXPECT_GT(sum, 500U);

  EXPECT_THAT(ask(state_dir_, "metrics"), HasSubstr("\nholdfast_messages_delivered_total 1\n"));
  const json events = json::parse(ask(state_dir_, "events 2"));
  ASSERT_EQ(events.at("events").size(), 2U);
  EXPECT_EQ(events.at("events")[1].at("kind"), "connected");
}

TEST_F(ObservingTest, TellsWhyADeviceIsNotConnected) {
  Options options = this->options();
  options.broker = "mqtts://127.0.0.1:1";
  WatchedDevice device(options);
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::waiting));
  EXPECT_NE(status().at("state"), "connected");
  EXPECT_EQ(status().at("address"), "");
  EXPECT_THAT(ask(state_dir_, "events"), HasSubstr("\"kind\":\"connect_failed\""));
}

TEST_F(ObservingTest, StopRemovesTheSocket) {
  WatchedDevice device(options());
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  ASSERT_TRUE(has_socket());
  EXPECT_TRUE(device->stop().clean);
  EXPECT_FALSE(has_socket());
}

TEST_F(ObservingTest, AsksCostTheSessionNothing) {
  WatchedDevice device(options());
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  ASSERT_TRUE(device.wait_for_delivery(device.publish("t", "hello")));
  // Not the IP bytes: TCP's acknowledgement of the PUBACK comes a little later.
  const auto tls = [this] {
    const json ledger = status().at("ledger");
    return std::array{ledger.at("tls_bytes_up"), ledger.at("tls_bytes_down"),
                      ledger.at("tls_records_up")};
  };
  const auto before = tls();
  for (const char* const request : {"status", "metrics", "events 512", "events 0", "nonsense"}) {
    EXPECT_FALSE(ask(state_dir_, request).empty());
  }
  EXPECT_EQ(tls(), before);
}

TEST_F(ObservingTest, NoneOfItsClientsDisturbsTheSession) {
  WatchedDevice device(options());
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  std::vector<Descriptor> deaf;
  for (int n = 0; n < 10; ++n) {  // more than are served
    deaf.push_back(observe::connect_to_status(state_dir_));
    const std::string request = n % 2 == 0 ? "metrics\n" : "";
    ::send(deaf.back().get(), request.data(), request.size(), MSG_NOSIGNAL);
  }
  for (int n = 0; n < 100; ++n) device.publish("t", "hello");
  EXPECT_TRUE(device.wait_for_deliveries(100));
  EXPECT_TRUE(device->stop().clean) << "nor its end";
}

TEST_F(ObservingTest, WithoutTheOptionThereIsNone) {
  Options options = this->options();
  options.status_socket = false;
  WatchedDevice device(options);
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  EXPECT_FALSE(has_socket());
  EXPECT_TRUE(fs::exists(state_dir_ / "events.1.ring")) << "events are kept all the same";
}

TEST_F(ObservingTest, ALongStateDirIsNoObstacle) {
  state_dir_ = dir_.path() / std::string(100, 'a') / std::string(100, 'b');
  WatchedDevice device(options());
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  EXPECT_EQ(status().at("state"), "connected");
  device->stop();
  EXPECT_FALSE(has_socket());
}

TEST_F(ObservingTest, ASecondDeviceIsRefusedAndTheFirstGoesOnAnswering) {
  WatchedDevice device(options());
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  EXPECT_THROW(WatchedDevice second(options()), ConfigError);
  EXPECT_EQ(status().at("state"), "connected");
}

TEST_F(ObservingTest, ASocketThatSomebodyAnswersOnIsLeftAlone) {
  fs::create_directories(state_dir_);
  const observe::SocketPath path(state_dir_, "status.sock");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.text().copy(address.sun_path, sizeof address.sun_path - 1);
  const Descriptor other(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(other.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(other.get(), 1), 0);
  WatchedDevice device(options());
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected)) << "the device works all the same";
  EXPECT_TRUE(any_says(device.events_of(EventKind::warning), "another process answers on it"));
  device->stop();
  EXPECT_TRUE(has_socket());
}

TEST_F(ObservingTest, EventsOutliveTheDevice) {
  {
    WatchedDevice device(options());
    device->start();
    ASSERT_TRUE(device.wait_for(EventKind::connected));
  }
  std::string remark;
  EXPECT_EQ(observe::EventFile::peek(state_dir_, remark).records.back().kind, "stopped");
  EXPECT_EQ(remark, "");
  WatchedDevice device(options());
  device->start();
  ASSERT_TRUE(device.wait_for(EventKind::connected));
  const json events = json::parse(ask(state_dir_, "events 512")).at("events");
  std::vector<std::string> kinds;
  for (const json& event : events) kinds.push_back(event.at("kind"));
  EXPECT_EQ(std::count(kinds.begin(), kinds.end(), "stopped"), 1);
  EXPECT_EQ(std::count(kinds.begin(), kinds.end(), "connected"), 2);
}

}  // namespace
}  // namespace holdfast::test
