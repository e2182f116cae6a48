// Does `holdfast doctor` go the whole way to a broker, and say of each thing that can be wrong on
// it what it is, what mends it, and by its exit code which kind it is?

#include <sys/socket.h>

#include <csignal>
#include <optional>

#include "cli/doctor_fixture.hpp"
#include "support/ports.hpp"
#include "support/scripted_server.hpp"
#include "support/subscriber.hpp"
#include "support/tls_server.hpp"

namespace holdfast::test {
namespace {

TEST_F(DoctorTest, GoesTheWholeWayAndTellsTimeAndBytes) {
  const auto broker = make_broker();
  Subscriber subscriber({.port = broker->plain_port(), .filter = "#"});
  const Visit well = visit_port(broker->tls_port());
  EXPECT_EQ(well.status, 0) << well.err;
  EXPECT_EQ(well.json.at("result"), "good") << well.json.dump(1);
  EXPECT_EQ(well.json.at("pin"), key_.pin);
  for (const char* const name : {"name", "route", "tcp", "tls", "pin", "certificate", "tickets",
                                 "resumption", "login", "publish", "close"}) {
    EXPECT_EQ(well.finding(name), "good") << name << ": " << well.text(name);
  }
  for (const char* const name :
       {"tcp", "tls", "certificate", "resumption", "login", "publish", "close"}) {
    EXPECT_GE(well.step(name).value("ms", -1.0), 0.0) << name;
    EXPECT_GT(well.step(name).value("bytes", 0), 0) << name;
  }
  // SYN and SYN-ACK, with timestamps or without; their acknowledgement goes with the ClientHello.
  EXPECT_GE(well.step("tcp").value("bytes", 0), 100);
  EXPECT_LE(well.step("tcp").value("bytes", 0), 172);
  // QoS 1 of 15 bytes on a topic of 15: PUBLISH, PUBACK and what TCP adds.
  EXPECT_GT(well.step("publish").value("bytes", 0), 150);
  EXPECT_LT(well.step("publish").value("bytes", 0), 400);
  EXPECT_GT(well.step("tls").value("tls_bytes_up", 0), 150);
  EXPECT_GT(well.json.value("bytes", 0), 2'000);
  EXPECT_EQ(well.step("certificate").at("key"), "P-256");
  EXPECT_TRUE(well.step("certificate").at("certificates") == 1);
  ASSERT_TRUE(subscriber.wait_for_count(1, kBound));
  EXPECT_EQ(subscriber.messages()[0].topic, "holdfast/doctor");
}

TEST_F(DoctorTest, IsATableWithoutColourWhereNobodyLooks) {
  const auto broker = make_broker();
  const auto result = cli(words("doctor", broker->tls_port(), {}));
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out.find('\x1b'), std::string::npos);
  std::size_t at = 0;
  for (const char* const name :
       {"ok    name ", "ok    route ", "ok    tcp ", "ok    tls ", "ok    pin ",
        "ok    certificate ", "ok    tickets ", "ok    resumption ", "ok    login ",
        "ok    publish ", "ok    close "}) {
    const std::size_t found = result.out.find(name, at);
    ASSERT_NE(found, std::string::npos) << name << " in:\n" << result.out;
    at = found;
  }
  EXPECT_NE(result.out.find("healthy"), std::string::npos);
}

TEST_F(DoctorTest, TheHostsTimestampsAreToldAsTheKernelHasThem) {
  const auto broker = make_broker();
  const Visit well = visit_port(broker->tls_port());
  const std::string on = read_file("/proc/sys/net/ipv4/tcp_timestamps");
  EXPECT_EQ(well.finding("host"), on.starts_with("0") ? "good" : "costs") << well.text("host");
  EXPECT_EQ(well.says("host", "net.ipv4.tcp_timestamps=0"), !on.starts_with("0"));
}

TEST_F(DoctorTest, NeverEndsTheConnectionOfARunningDeviceWithTheSameLogin) {
  const auto broker = make_broker({.allow_anonymous = false, .users = {{"ann", "right"}}});
  dir_.write("password", "right\n");
  shell("chmod 600 password");
  const Words login{"--username", "ann", "--password-file", "password"};
  Words device = words("sub", broker->tls_port(), login);
  for (const char* const word :
       {"--filter", "t", "--client-id", "truck-17", "--count", "1", "--timeout", "0"}) {
    device.emplace_back(word);
  }
  const auto running = start_cli(device);
  ASSERT_TRUE(broker->wait_log("Received SUBSCRIBE from truck-17", kBound)) << running->output();
  for (int n = 0; n < 3; ++n) EXPECT_EQ(visit_port(broker->tls_port(), login).status, 0);
  // It has stayed the whole time: one login, and the next message reaches it.
  EXPECT_TRUE(broker->wait_log_count("as holdfast-doctor-", 3, kBound)) << broker->log();
  EXPECT_EQ(broker->count_log("as truck-17"), 1U) << broker->log();
  Words pub = words("pub", broker->tls_port(), login);
  for (const char* const word : {"--topic", "t", "--message", "still here"}) pub.emplace_back(word);
  EXPECT_EQ(cli(pub).status, 0);
  EXPECT_EQ(running->wait_exit(kBound), 0) << running->output();
}

TEST_F(DoctorTest, WithoutAPinItStopsBeforeMqttAndTellsHowToConfirmIt) {
  const auto broker = make_broker();
  const std::string url = "mqtts://127.0.0.1:" + std::to_string(broker->tls_port());
  const Visit seen = visit({"doctor", "--broker", url});
  EXPECT_EQ(seen.status, 0) << seen.err;
  EXPECT_EQ(seen.json.at("pin"), key_.pin);
  EXPECT_EQ(seen.json.at("result"), "unconfirmed");
  EXPECT_EQ(seen.finding("certificate"), "good");
  EXPECT_EQ(seen.finding("login"), "none");
  ASSERT_EQ(seen.json.at("advice").size(), 1U);
  const std::string advice = seen.json.at("advice")[0];
  EXPECT_NE(advice.find("holdfast pin --key"), std::string::npos);
  EXPECT_NE(advice.find("--pin " + key_.pin), std::string::npos);
  EXPECT_EQ(count_in_log(*broker, "as holdfast-"), 0U);
  // What it says is what the key says, and with it the way is open.
  const auto confirmed = cli({"pin", "--key", key_.key_file.string()});
  EXPECT_EQ(confirmed.out, key_.pin + "\n");
  EXPECT_EQ(visit({"doctor", "--broker", url, "--pin", key_.pin}).status, 0);
}

TEST_F(DoctorTest, ANameThatIsNoneIsTold) {
  const Visit lost = visit(
      {"doctor", "--broker", "mqtts://nowhere.invalid", "--pin", key_.pin, "--timeout", "20s"});
  expect_failed(lost, "name", 4);
  EXPECT_TRUE(lost.says("name", "nowhere.invalid"));
}

TEST_F(DoctorTest, AClosedPortIsTold) {
  const Visit closed = visit_port(unused_port());
  expect_failed(closed, "tcp", 4);
  EXPECT_TRUE(closed.says("tcp", "nothing listens")) << closed.text("tcp");
  expect_failed(visit({"doctor", "--broker", "mqtts://127.0.0.1:" + std::to_string(unused_port())}),
                "tcp", 4);
}

TEST_F(DoctorTest, ABlackHoleIsBounded) {
  const auto broker = make_broker();
  broker->signal(SIGSTOP);
  const auto begin = std::chrono::steady_clock::now();
  const Visit hole = visit_port(broker->tls_port(), {"--timeout", "1s"});
  EXPECT_LT(std::chrono::steady_clock::now() - begin, kBound / 2);
  broker->signal(SIGCONT);
  expect_failed(hole, "tls", 4);
  EXPECT_TRUE(hole.says("tls", "says nothing")) << hole.text("tls");
}

TEST_F(DoctorTest, AListenerWithoutTlsIsTold) {
  ScriptedServer greeter([](ScriptedConnection& connection) {
    connection.send("220 mail.example.com ESMTP\r\n");
    connection.receive_until_closed();
  });
  const Visit plain = visit_port(greeter.port());
  expect_failed(plain, "tls", 4);
  EXPECT_TRUE(plain.says("tls", "does not speak TLS")) << plain.text("tls");
  EXPECT_TRUE(plain.says("tls", "TLS listener"));
  // mosquitto's own plain listener hangs up on a ClientHello.
  const auto broker = make_broker();
  const Visit hung_up = visit_port(broker->plain_port());
  expect_failed(hung_up, "tls", 4);
  EXPECT_TRUE(hung_up.says("tls", "TLS listener")) << hung_up.text("tls");
}

TEST_F(DoctorTest, AServerOfTls12AloneIsTold) {
  OpensslServer old(key_, {"-tls1_2"});
  const Visit visit = visit_port(old.port());
  expect_failed(visit, "tls", 4);
  EXPECT_TRUE(visit.says("tls", "TLS 1.3")) << visit.text("tls");
}

TEST_F(DoctorTest, AWrongPinIsToldWithBothAndWithoutAByteOfMqtt) {
  const Identity stranger = self_signed(dir_, KeyType::p256, "localhost");
  const auto broker = make_broker({.tls = stranger});
  const Visit wrong = visit_port(broker->tls_port());
  expect_failed(wrong, "pin", 3);
  for (const std::string& pin : {stranger.pin, key_.pin, backup_.pin}) {
    EXPECT_TRUE(wrong.says("pin", pin)) << wrong.text("pin");
  }
  EXPECT_TRUE(wrong.says("pin", "holdfast pin --key"));
  EXPECT_EQ(wrong.json.at("pin"), stranger.pin);
  EXPECT_EQ(count_in_log(*broker, "as holdfast-"), 0U);
}

TEST_F(DoctorTest, AWrongPasswordIsTold) {
  const auto broker = make_broker({.allow_anonymous = false, .users = {{"ann", "right"}}});
  dir_.write("right", "right\n");
  dir_.write("wrong", "sesame\n");
  shell("chmod 600 right wrong");
  const Visit refused =
      visit_port(broker->tls_port(), {"--username", "ann", "--password-file", "wrong"});
  expect_failed(refused, "login", 5);
  EXPECT_TRUE(refused.says("login", "--password-file")) << refused.text("login");
  EXPECT_EQ(refused.json.dump().find("sesame"), std::string::npos);
  EXPECT_EQ(
      visit_port(broker->tls_port(), {"--username", "ann", "--password-file", "right"}).status, 0);
  const Visit old = visit_port(
      broker->tls_port(), {"--username", "ann", "--password-file", "wrong", "--mqtt", "3.1.1"});
  expect_failed(old, "login", 5);
}

TEST_F(DoctorTest, APublishThatTheAccessListForbidsIsTold) {
  const auto acl = dir_.write("acl", "topic readwrite open/#\n");
  const auto broker = make_broker({.extra_lines = {"acl_file " + acl.string()}});
  const Visit refused = visit_port(broker->tls_port());
  expect_failed(refused, "publish", 5);
  EXPECT_TRUE(refused.says("publish", "--topic")) << refused.text("publish");
  EXPECT_EQ(visit_port(broker->tls_port(), {"--topic", "open/here"}).status, 0);
}

TEST_F(DoctorTest, AChainThatCostsIsTold) {
  const Authority root = make_authority(dir_, KeyType::rsa2048, "root");
  const Authority between = make_intermediate(dir_, root, KeyType::rsa2048, "between");
  key_ = issue(dir_, between, KeyType::rsa2048, "localhost");
  const auto broker = make_broker();
  const Visit dear = visit_port(broker->tls_port());
  EXPECT_EQ(dear.status, 0) << dear.err;
  EXPECT_EQ(dear.finding("certificate"), "costs");
  EXPECT_TRUE(dear.says("certificate", "RSA-2048")) << dear.text("certificate");
  EXPECT_TRUE(dear.says("certificate", "holdfast keygen"));
  const Json step = dear.step("certificate");
  EXPECT_EQ(step.at("certificates"), 2);
  // What it promises is what the cheap one takes, to a few bytes.
  key_ = self_signed(dir_, KeyType::p256, "localhost");
  const auto cheap_broker = make_broker();
  const Visit cheap = visit_port(cheap_broker->tls_port());
  const auto taken = cheap.step("tls").at("tls_bytes_up").get<int>() +
                     cheap.step("tls").at("tls_bytes_down").get<int>();
  EXPECT_NEAR(step.at("handshake_bytes_possible").get<int>(), taken, 150);
  EXPECT_GT(step.at("handshake_bytes").get<int>(), taken + 700);
}

TEST_F(DoctorTest, ABrokerThatWantsACertificateIsToldAndServed) {
  const Authority root = make_authority(dir_, KeyType::p256, "root");
  const Identity client = issue(dir_, root, KeyType::p256, "device");
  const auto broker = make_broker(
      {.tls_extra_lines = {"require_certificate true", "cafile " + root.cert_file.string()}});
  const Visit without = visit_port(broker->tls_port());
  EXPECT_EQ(without.status, 4) << without.json.dump(1);
  EXPECT_TRUE(without.says("login", "certificate")) << without.json.dump(1);
  const Visit with = visit_port(
      broker->tls_port(), {"--cert", client.cert_file.string(), "--key", client.key_file.string()});
  EXPECT_EQ(with.status, 0) << with.json.dump(1) << with.err;
}

TEST_F(DoctorTest, NaglesDelayIsToldWhereItIsSeen) {
  const auto quick = make_broker();
  EXPECT_EQ(visit_port(quick->tls_port()).finding("delay"), "good");
  const auto slow = make_broker({.set_tcp_nodelay = false});
  // A busy machine can hide 40 ms, and a kernel is free to acknowledge sooner.
  for (int n = 0; n < 5; ++n) {
    const Visit visit = visit_port(slow->tls_port());
    if (visit.finding("delay") == "good") continue;
    EXPECT_TRUE(visit.says("delay", "set_tcp_nodelay true"));
    return;
  }
  FAIL() << "never seen in five visits";
}

TEST_F(DoctorTest, RefusesWhatCannotWork) {
  EXPECT_EQ(cli({"doctor", "--broker", "mqtt://x", "--pin", key_.pin}).status, 2);
  EXPECT_EQ(cli({"doctor", "--broker", "mqtts://x", "--pin", "sha256/short"}).status, 2);
  EXPECT_EQ(cli({"doctor", "--broker", "mqtts://x", "--pin", key_.pin, "--topic", "a/#"}).status,
            2);
  EXPECT_EQ(cli({"doctor"}).status, 2);
}

}  // namespace
}  // namespace holdfast::test
