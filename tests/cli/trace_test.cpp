// Does `holdfast trace` write what a running device says, nothing that is secret, and what it has
// to say of itself?

#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <vector>

#include "cli/trace_fixture.hpp"

namespace holdfast::test {
namespace {

using TraceTest = TraceCliTest;

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::vector<TcpSegment> segments_of(const CaptureFile& file) {
  std::vector<TcpSegment> segments;
  for (const CapturedPacket& packet : file.packets) {
    segments.push_back(read_segment(packet.bytes));
    EXPECT_EQ(segments.back().trouble, "");
  }
  return segments;
}

TEST_F(TraceTest, WritesWhatIsSaidWithoutThePassword) {
  const auto broker = make_strict_broker();
  const auto device = start_device(options_for(broker->tls_port()));
  const auto trace = start_trace(*device, {"--out", "t.pcapng"});
  ASSERT_TRUE(device->deliver("truck/17/r", "21.5 degrees"));
  trace->signal(SIGINT);
  EXPECT_EQ(trace->wait_exit(kBound), 0) << trace->output();
  EXPECT_TRUE(holds(trace->output(), "1 connection, 0 dropped, in t.pcapng")) << trace->output();
  EXPECT_TRUE(device->wait_for(EventKind::trace_ended));

  const std::string bytes = content("t.pcapng");
  const CaptureFile file = capture("t.pcapng");
  EXPECT_EQ(file.trouble, "");
  EXPECT_EQ(file.interface_name, "truck-17");
  EXPECT_EQ(file.sums, 1U);
  EXPECT_EQ(file.received, file.packets.size());
  for (const char* seen : {"truck-17", "truck/17/r", "21.5 degrees", "127.0.0.1"}) {
    EXPECT_TRUE(holds(bytes, seen)) << seen;
  }
  EXPECT_FALSE(holds(bytes, "hunter2"));
  EXPECT_FALSE(holds(bytes, kUser));
  // SYN, SYN and ACK, ACK, CONNECT and CONNACK of before the trace, PUBLISH, PUBACK.
  const auto segments = segments_of(file);
  ASSERT_GE(segments.size(), 7U);
  EXPECT_EQ(segments[3].payload.substr(0, 1), "\x10");
  EXPECT_EQ(segments[4].payload.substr(0, 1), "\x20");
  EXPECT_EQ(segments[5].payload.substr(0, 1), "\x32");
  EXPECT_EQ(segments[6].payload.substr(0, 1), "\x40");
  EXPECT_EQ(segments[5].to, "127.0.0.1:1883");
  struct stat facts {};
  ASSERT_EQ(::stat(path("t.pcapng").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
}

TEST_F(TraceTest, PayloadsAreLeftOutOnDemand) {
  const auto broker = make_strict_broker();
  auto options = options_for(broker->tls_port());
  options.will =
      Will{.topic = "truck/17/will", .payload = std::vector<std::byte>(9, std::byte{'w'})};
  const auto device = start_device(std::move(options));
  const auto trace = start_trace(*device, {"--out", "t.pcapng", "--no-payload", "--port", "1884"});
  ASSERT_TRUE(device->deliver("truck/17/r", "21.5 degrees"));
  trace->signal(SIGTERM);
  EXPECT_EQ(trace->wait_exit(kBound), 0) << trace->output();
  const std::string bytes = content("t.pcapng");
  EXPECT_TRUE(holds(bytes, "truck/17/r"));
  EXPECT_TRUE(holds(bytes, "truck/17/will"));
  EXPECT_FALSE(holds(bytes, "degrees"));
  EXPECT_FALSE(holds(bytes, "wwwww"));
  EXPECT_FALSE(holds(bytes, "hunter2"));
  EXPECT_EQ(segments_of(capture("t.pcapng")).front().to, "127.0.0.1:1884");
}

TEST_F(TraceTest, FollowsTheDeviceFromConnectionToConnection) {
  const auto broker = make_strict_broker();
  const auto device = start_device(options_for(broker->tls_port()));
  const auto trace = start_trace(*device, {"--out", "t.pcapng"});
  broker->restart();
  ASSERT_TRUE(device->wait_for(EventKind::connected, 2));
  ASSERT_TRUE(device->deliver("again", "here"));
  device->device.stop();
  // The device has left, and the trace with it.
  EXPECT_EQ(trace->wait_exit(kBound), 4) << trace->output();
  EXPECT_TRUE(holds(trace->output(), "2 connections")) << trace->output();
  const CaptureFile file = capture("t.pcapng");
  EXPECT_EQ(file.trouble, "");
  EXPECT_EQ(file.sums, 1U) << "it has taken its leave";
  const auto segments = segments_of(file);
  const auto count = [&](auto wanted) {
    return std::count_if(segments.begin(), segments.end(), wanted);
  };
  EXPECT_EQ(count([](const TcpSegment& s) { return s.syn() && !s.ack(); }), 2);
  EXPECT_EQ(count([](const TcpSegment& s) { return s.fin(); }), 4);
  EXPECT_EQ(count([](const TcpSegment& s) { return s.payload.starts_with("\x10"); }), 2);
  EXPECT_FALSE(holds(content("t.pcapng"), "hunter2"));
}

TEST_F(TraceTest, EndsAfterItsTime) {
  const auto broker = make_strict_broker();
  const auto device = start_device(options_for(broker->tls_port()));
  const auto result = cli({"trace", "--state-dir", "state", "--seconds", "1"});
  EXPECT_EQ(result.status, 0) << result.err;
  const CaptureFile file = read_capture(result.out);
  EXPECT_EQ(file.trouble, "");
  EXPECT_EQ(file.sums, 1U);
  EXPECT_EQ(file.packets.size(), 5U) << "how the connection began";
  EXPECT_TRUE(result.says("5 packets of 1 connection, 0 dropped")) << result.err;
}

TEST_F(TraceTest, AReaderThatGoesEndsItQuietly) {
  const auto broker = make_strict_broker();
  const auto device = start_device(options_for(broker->tls_port()));
  shell("{ $H trace --state-dir state; echo $? >status; } | head -c 24 >part");
  EXPECT_EQ(content("status"), "0\n");
  EXPECT_EQ(content("part").size(), 24U);
  EXPECT_TRUE(device->wait_for(EventKind::trace_ended));
}

TEST_F(TraceTest, IsRefusedUnlessTheDeviceAllowsIt) {
  const auto broker = make_strict_broker();
  auto options = options_for(broker->tls_port());
  options.allow_trace = false;
  const auto device = start_device(std::move(options));
  const auto result = cli({"trace", "--state-dir", "state", "--out", "t.pcapng"});
  EXPECT_EQ(result.status, 2);
  EXPECT_TRUE(result.says("allow_trace")) << result.err;
  EXPECT_FALSE(there("t.pcapng"));
}

TEST_F(TraceTest, OneRunsAtATime) {
  const auto broker = make_strict_broker();
  const auto device = start_device(options_for(broker->tls_port()));
  const auto first = start_trace(*device, {"--out", "1.pcapng"});
  const auto result = cli({"trace", "--state-dir", "state", "--out", "2.pcapng"});
  EXPECT_EQ(result.status, 2);
  EXPECT_TRUE(result.says("already")) << result.err;
  EXPECT_FALSE(there("2.pcapng"));
  first->kill();  // nothing is said: the device sees that it has gone
  EXPECT_TRUE(device->wait_for(EventKind::trace_ended));
  const auto next = start_trace(*device, {"--out", "2.pcapng"});
  next->signal(SIGINT);
  EXPECT_EQ(next->wait_exit(kBound), 0) << next->output();
}

TEST_F(TraceTest, WithoutADeviceItSaysWhatToDo) {
  for (const char* directory : {"nowhere", "."}) {
    const auto result = cli({"trace", "--state-dir", directory});
    EXPECT_EQ(result.status, 4) << directory;
    EXPECT_TRUE(result.says("no device runs")) << result.err;
    EXPECT_TRUE(result.says("status_socket")) << result.err;
  }
}

TEST_F(TraceTest, NothingIsOverwrittenUnlessTold) {
  const auto broker = make_strict_broker();
  const auto device = start_device(options_for(broker->tls_port()));
  dir_.write("t.pcapng", "mine");
  ::chmod(path("t.pcapng").c_str(), 0644);
  const Words words{"trace", "--state-dir", "state", "--seconds", "1", "--out", "t.pcapng"};
  const auto refused = cli(words);
  EXPECT_EQ(refused.status, 2);
  EXPECT_TRUE(refused.says("--force")) << refused.err;
  EXPECT_EQ(content("t.pcapng"), "mine");

  Words forced = words;
  forced.emplace_back("--force");
  EXPECT_EQ(cli(forced).status, 0);
  EXPECT_EQ(capture("t.pcapng").trouble, "");
  struct stat facts {};
  ASSERT_EQ(::stat(path("t.pcapng").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U) << "not that of the old file";

  std::filesystem::remove(path("t.pcapng"));
  std::filesystem::create_symlink(path("elsewhere"), path("t.pcapng"));
  EXPECT_EQ(cli(forced).status, 2) << "a link is not followed";
  EXPECT_FALSE(there("elsewhere"));
}

TEST_F(TraceTest, ASlowReaderLosesPacketsAndHoldsNobodyUp) {
  const auto broker = make_strict_broker();
  const auto device = start_device(options_for(broker->tls_port()));
  const auto trace = start_trace(*device, {"--out", "t.pcapng"});
  trace->signal(SIGSTOP);
  const std::string large(200'000, 'x');
  for (int i = 0; i < 16; ++i) ASSERT_TRUE(device->deliver("large", large)) << i;
  trace->signal(SIGCONT);
  trace->signal(SIGINT);
  EXPECT_EQ(trace->wait_exit(kBound), 0) << trace->output();
  EXPECT_TRUE(holds(trace->output(), "--no-payload")) << trace->output();
  const CaptureFile file = capture("t.pcapng");
  EXPECT_EQ(file.trouble, "");
  EXPECT_GT(file.dropped, 100U);
  EXPECT_EQ(file.received, file.packets.size() + file.dropped);
  EXPECT_LT(content("t.pcapng").size(), 2'500'000U);
}

// --- by another program -------------------------------------------------------------------------

class TraceInWiresharkTest : public TraceCliTest, public ::testing::WithParamInterface<int> {
 protected:
  void SetUp() override {
    if (run({"sh", "-c", "command -v tshark"}, kBound).status != 0) {
      GTEST_SKIP() << "tshark is not installed";
    }
  }

  std::string tshark(const std::string& more) {
    return shell("tshark -r t.pcapng -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE " + more +
                 " 2>/dev/null");
  }
};

TEST_P(TraceInWiresharkTest, IsReadAsMqtt) {
  const auto broker = make_strict_broker();
  auto options = options_for(broker->tls_port());
  options.mqtt_version = static_cast<MqttVersion>(GetParam());
  const auto device = start_device(std::move(options));
  const auto trace = start_trace(*device, {"--out", "t.pcapng"});
  ASSERT_TRUE(device->deliver("truck/17/r", "21.5 degrees"));
  ASSERT_TRUE(device->deliver("truck/17/long", std::string(20'000, 'x')));
  broker->restart();
  ASSERT_TRUE(device->wait_for(EventKind::connected, 2));
  ASSERT_TRUE(device->deliver("truck/17/again", "and again"));
  trace->signal(SIGINT);
  ASSERT_EQ(trace->wait_exit(kBound), 0) << trace->output();

  EXPECT_EQ(tshark("-Y '_ws.malformed || tcp.checksum.status == 0 || ip.checksum.status == 0'"),
            "");
  const std::string version = "-Y 'mqtt.msgtype == 1' -T fields -e mqtt.ver -e mqtt.clientid";
  const std::string once = std::to_string(GetParam()) + "\ttruck-17\n";
  EXPECT_EQ(tshark(version), once + once);
  EXPECT_EQ(tshark("-Y 'mqtt.msgtype == 1' -T fields -e mqtt.username -e mqtt.passwd"),
            std::string(10, '*') + "\t" + std::string(16, '*') + "\n" + std::string(10, '*') +
                "\t" + std::string(16, '*') + "\n");
  EXPECT_EQ(tshark("-Y 'mqtt.msgtype == 3' -T fields -e mqtt.topic"),
            "truck/17/r\ntruck/17/long\ntruck/17/again\n");
  EXPECT_EQ(tshark("-Y 'mqtt.topic == \"truck/17/r\"' -T fields -e mqtt.msg"),
            "32312e352064656772656573\n");
  EXPECT_EQ(tshark("-Y 'mqtt.msgtype == 2' -T fields -e mqtt.msgtype"), "2\n2\n");
  EXPECT_EQ(tshark("-Y 'mqtt.msgtype == 4' -T fields -e mqtt.msgtype"), "4\n4\n4\n");
  EXPECT_EQ(tshark("-Y 'tcp.flags.syn == 1 && tcp.flags.ack == 0' -T fields -e tcp.dstport"),
            "1883\n1883\n");
  EXPECT_TRUE(holds(tshark("-T fields -e frame.comment"), "In truth TLS 1.3 with "));
  for (const std::string& all : {tshark("-V"), tshark("-x"), content("t.pcapng")}) {
    EXPECT_FALSE(holds(all, "hunter2"));
    EXPECT_FALSE(holds(all, kUser));
  }
}

INSTANTIATE_TEST_SUITE_P(Full, TraceInWiresharkTest, ::testing::Values(5, 4),
                         [](const auto& instance) {
                           return instance.param == 5 ? std::string("Mqtt5") : "Mqtt311";
                         });

}  // namespace
}  // namespace holdfast::test
