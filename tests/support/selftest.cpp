// Proves that the support code itself tells the truth: a test that waits for the
// wrong thing, or leaves a process behind, makes every other test worthless.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <ostream>
#include <string>

#include "support/event_wait.hpp"
#include "support/keys.hpp"
#include "support/mosquitto.hpp"
#include "support/ports.hpp"
#include "support/process.hpp"
#include "support/resources.hpp"
#include "support/scripted_server.hpp"
#include "support/subscriber.hpp"
#include "support/tcp_proxy.hpp"
#include "support/temp_dir.hpp"
#include "support/tls_server.hpp"

namespace holdfast::test {

// Found by GoogleTest through the type's namespace.
void PrintTo(KeyType type, std::ostream* out) {
  *out << name_of(type);
}

namespace {

using namespace std::chrono_literals;

constexpr auto kBound = 20s;

// The second computation of a pin: from the private key, by libcrypto.
std::string pin_from_private_key(const std::filesystem::path& key_file) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(key_file.c_str(), "r"),
                                                             std::fclose);
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(
      PEM_read_PrivateKey(file.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key.get(), &der);
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(der, static_cast<std::size_t>(size), digest);
  OPENSSL_free(der);
  unsigned char text[64];
  const int length = EVP_EncodeBlock(text, digest, sizeof digest);
  return "sha256/" +
         std::string(reinterpret_cast<const char*>(text), static_cast<std::size_t>(length));
}

int connect_to(const sockaddr* address, socklen_t size) {
  const int fd = ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(fd, address, size) == 0) return fd;
  ::close(fd);
  return -1;
}

int connect_to(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

int connect_to_v6(std::uint16_t port) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  address.sin6_addr = in6addr_loopback;
  return connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

// A TLS client that is not ours; Verify return code 0 proves the whole chain.
RunResult s_client(std::uint16_t port, const std::filesystem::path& ca_file) {
  return run({"openssl", "s_client", "-connect", "127.0.0.1:" + std::to_string(port), "-CAfile",
              ca_file.string(), "-verify_return_error", "-verify_ip", "127.0.0.1"},
             kBound);
}

class SupportKeys : public ::testing::TestWithParam<KeyType> {};

TEST_P(SupportKeys, PinEqualsASecondComputation) {
  const TempDir dir;
  const Identity identity = self_signed(dir, GetParam(), "broker.test");
  EXPECT_EQ(identity.pin, pin_from_private_key(identity.key_file));
}

INSTANTIATE_TEST_SUITE_P(Types, SupportKeys,
                         ::testing::Values(KeyType::p256, KeyType::p384, KeyType::rsa2048,
                                           KeyType::ed25519),
                         [](const auto& tested) { return std::string(name_of(tested.param)); });

TEST(SupportKeysMore, RenewalKeepsThePinAndANewKeyDoesNot) {
  const TempDir dir;
  const Identity first = self_signed(dir, KeyType::p256, "broker.test");
  const Identity renewed =
      self_signed(dir, KeyType::p256, "broker.test", {.existing_key = first.key_file});
  EXPECT_EQ(first.pin, renewed.pin);
  EXPECT_NE(read_file(first.cert_file), read_file(renewed.cert_file));
  EXPECT_NE(first.pin, self_signed(dir, KeyType::p256, "broker.test").pin);
}

TEST(SupportKeysMore, ExpiredIsExpired) {
  const TempDir dir;
  const Identity expired =
      self_signed(dir, KeyType::p256, "x", {.validity = CertificateOptions::Validity::kExpired});
  const Identity current = self_signed(dir, KeyType::p256, "x");
  const auto check = [](const Identity& identity) {
    return run({"openssl", "x509", "-checkend", "0", "-in", identity.cert_file.string()}, kBound)
        .status;
  };
  EXPECT_EQ(check(expired), 1);
  EXPECT_EQ(check(current), 0);
}

TEST(SupportTlsServer, SendsTheIntermediateSoThatTheRootSuffices) {
  const TempDir dir;
  const Authority root = make_authority(dir, KeyType::p256, "Test Root");
  const Authority between = make_intermediate(dir, root, KeyType::p384, "Test Intermediate");
  const Identity leaf = issue(dir, between, KeyType::ed25519, "broker.test");
  EXPECT_EQ(leaf.pin, pin_from_private_key(leaf.key_file));
  const OpensslServer server(leaf, {"-tls1_3"});
  const RunResult good = s_client(server.port(), root.cert_file);
  EXPECT_EQ(good.status, 0) << good.output;
  EXPECT_NE(good.output.find("Verify return code: 0"), std::string::npos) << good.output;
  const Authority other = make_authority(dir, KeyType::p256, "Other Root");
  EXPECT_NE(s_client(server.port(), other.cert_file).status, 0);
}

TEST(SupportProcess, CollectsBothStreamsAndTheExitStatus) {
  Process process({"sh", "-c", "echo one; echo two >&2; printf \"$WORD\"; exit 7"},
                  {.environment = {{"WORD", "three"}}});
  EXPECT_EQ(process.wait_exit(kBound), 7);
  EXPECT_EQ(process.output(), "one\ntwo\nthree");
  EXPECT_TRUE(process.wait_for_line(std::regex("^thr"), kBound));
  EXPECT_FALSE(process.wait_for_line("four", kBound));  // At once: it has ended.
}

TEST(SupportProcess, ReportsAProgramThatIsNotThere) {
  EXPECT_THROW(Process({"/nonexistent/program"}), std::runtime_error);
}

TEST(SupportProcess, DestructorEndsTheWholeGroup) {
  pid_t child = -1;
  pid_t grandchild = -1;
  {
    Process process({"sh", "-c", "sleep 1000 & echo pid $!; wait"});
    child = process.pid();
    const auto line = process.wait_for_line("pid ", kBound);
    ASSERT_TRUE(line);
    grandchild = std::stoi(line->substr(4));
    EXPECT_EQ(::kill(grandchild, 0), 0);
  }
  EXPECT_EQ(::kill(child, 0), -1);
  // Init reaps the grandchild in its own time.
  EXPECT_TRUE(eventually(
      [&] {
        return run({"sh", "-c",
                    "grep -q '^State:.Z' /proc/$0/status || "
                    "! test -d /proc/$0",
                    std::to_string(grandchild)},
                   kBound)
                   .status == 0;
      },
      kBound));
}

TEST(SupportProcess, TerminateFallsBackToKill) {
  Process process({"sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1000; done"});
  ASSERT_TRUE(process.wait_for_line("ready", kBound));
  EXPECT_EQ(process.terminate(), 128 + SIGKILL);
}

TEST(SupportProcess, ChildDiesWithATestThatDies) {
  int report[2];
  ASSERT_EQ(::pipe(report), 0);
  const pid_t doomed = ::fork();
  if (doomed == 0) {
    Process process({"sleep", "1000"});
    const pid_t child = process.pid();
    [[maybe_unused]] const ssize_t written = ::write(report[1], &child, sizeof child);
    std::abort();
  }
  pid_t child = -1;
  ASSERT_EQ(::read(report[0], &child, sizeof child), static_cast<ssize_t>(sizeof child));
  ::waitpid(doomed, nullptr, 0);
  ::close(report[0]);
  ::close(report[1]);
  const std::string comm = "/proc/" + std::to_string(child) + "/cmdline";
  const auto gone = [&] {
    try {
      return read_file(comm).empty();  // A zombie has none.
    } catch (const std::runtime_error&) {
      return true;
    }
  };
  EXPECT_TRUE(eventually(gone, kBound));
}

TEST(SupportMosquitto, CarriesMessagesThroughAProxyAndServesTls) {
  const TempDir dir;
  const Identity identity = self_signed(dir, KeyType::p256, "localhost");
  Mosquitto broker({.tls = identity, .allow_anonymous = false, .users = {{"ann", "secret"}}});
  broker.start();
  EXPECT_EQ(s_client(broker.tls_port(), identity.cert_file).status, 0);

  TcpProxy proxy(broker.plain_port());
  Subscriber subscriber({.port = broker.plain_port(), .username = "ann", .password = "secret"});
  EXPECT_THROW(Publisher({.port = proxy.port(), .username = "ann", .password = "wrong"}),
               std::runtime_error);
  Publisher publisher({.port = proxy.port(), .username = "ann", .password = "secret"});
  publisher.publish("a/b", std::string("x\0y", 3));
  publisher.publish("a/c", "", 0);
  EXPECT_TRUE(publisher.wait_acks(kBound));
  ASSERT_TRUE(subscriber.wait_for_count(2, kBound));
  EXPECT_EQ(subscriber.messages()[0].topic, "a/b");
  EXPECT_EQ(subscriber.messages()[0].payload, std::string("x\0y", 3));
  EXPECT_EQ(subscriber.messages()[0].qos, 1);
  EXPECT_EQ(subscriber.messages()[1].payload, "");
  EXPECT_EQ(proxy.connections_made(), 2U);
  EXPECT_EQ(proxy.first_bytes()[1].substr(4, 4), "MQTT");
  EXPECT_GT(proxy.bytes_down(), 0U);
  EXPECT_GE(broker.count_log("Received PUBLISH from"), 2U);
}

TEST(SupportMosquitto, RestartKeepsPortsAndSession) {
  const TempDir dir;
  const std::filesystem::path store = dir.path() / "store";
  std::filesystem::create_directory(store);
  Mosquitto broker({.persistence_dir = store});
  broker.start();
  const std::uint16_t port = broker.plain_port();
  std::make_unique<Subscriber>(SubscriberOptions{.port = port, .client_id = "away"}).reset();
  Subscriber stays({.port = port});
  Publisher publisher({.port = port});
  publisher.publish("t", "lost?");
  ASSERT_TRUE(publisher.wait_acks(kBound));
  ASSERT_TRUE(stays.wait_for_count(1, kBound));
  EXPECT_EQ(broker.stop(), 0);
  EXPECT_FALSE(broker.running());
  broker.start();
  EXPECT_EQ(broker.plain_port(), port);
  EXPECT_TRUE(stays.wait_for_subscriptions(2, kBound));
  Subscriber back({.port = port, .client_id = "away"});
  ASSERT_TRUE(back.wait_for_count(1, kBound));
  EXPECT_EQ(back.messages()[0].payload, "lost?");
  broker.kill();
  EXPECT_EQ(connect_to(port), -1);
}

TEST(SupportTcpProxy, CutsHoldsAndRefuses) {
  ScriptedServer echo([](ScriptedConnection& client) {
    for (std::string got = client.receive(); !got.empty(); got = client.receive()) client.send(got);
  });
  TcpProxy proxy(echo.port());
  char byte = 'a';
  const int fd = connect_to(proxy.port());
  ASSERT_GE(fd, 0);
  ASSERT_EQ(::send(fd, &byte, 1, 0), 1);
  ASSERT_EQ(::recv(fd, &byte, 1, 0), 1);

  proxy.black_hole(true, TcpProxy::Way::kDown);
  ASSERT_EQ(::send(fd, "b", 1, 0), 1);
  ASSERT_TRUE(echo.wait_for_received(2, kBound));
  EXPECT_EQ(::recv(fd, &byte, 1, MSG_DONTWAIT), -1);
  proxy.black_hole(false);
  ASSERT_EQ(::recv(fd, &byte, 1, 0), 1);
  EXPECT_EQ(byte, 'b');

  proxy.refuse_new(true);
  EXPECT_EQ(connect_to(proxy.port()), -1);
  EXPECT_EQ(proxy.cut_all(TcpProxy::Cut::kReset), 1U);
  EXPECT_EQ(::recv(fd, &byte, 1, 0), -1);
  EXPECT_EQ(errno, ECONNRESET);
  ::close(fd);

  proxy.refuse_new(false);
  const int again = connect_to(proxy.port());
  ASSERT_GE(again, 0);
  ASSERT_TRUE(proxy.wait_for_connections(2, kBound));
  EXPECT_EQ(proxy.cut_all(TcpProxy::Cut::kFinish), 1U);
  EXPECT_EQ(::recv(again, &byte, 1, 0), 0);
  ::close(again);
  EXPECT_EQ(proxy.bytes_up(), 2U);
  EXPECT_EQ(proxy.first_bytes()[0], "ab");
}

TEST(SupportScriptedServer, EndsPromptlyWithASilentClient) {
  const std::size_t descriptors = open_descriptors();
  int fd = -1;
  const auto begin = std::chrono::steady_clock::now();
  {
    ScriptedServer server([](ScriptedConnection& client) { client.receive_until_closed(); },
                          {.receive_timeout = 60s});
    fd = connect_to(server.port());
    ASSERT_EQ(::send(fd, "hello", 5, 0), 5);
    EXPECT_TRUE(server.wait_for_accepts(1, kBound));
    EXPECT_TRUE(server.wait_for_received(5, kBound));
    EXPECT_EQ(server.received(), "hello");
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, kBound);
  ::close(fd);
  EXPECT_EQ(open_descriptors(), descriptors);
}

TEST(SupportScriptedServer, ListensOnIPv6Alone) {
  ScriptedServer server([](ScriptedConnection& client) { client.send("six"); },
                        {.family = ScriptedServerOptions::Family::kIPv6});
  EXPECT_EQ(connect_to(server.port()), -1);
  const int fd = connect_to_v6(server.port());
  ASSERT_GE(fd, 0) << "this machine has no IPv6 loopback";
  char text[4] = {};
  EXPECT_EQ(::recv(fd, text, 3, MSG_WAITALL), 3);
  EXPECT_STREQ(text, "six");
  ::close(fd);
}

TEST(SupportResources, ThreadsComeAndGo) {
  const std::size_t before = thread_count();
  {
    const Process process({"sleep", "1000"});
    EXPECT_TRUE(eventually([&] { return thread_count() == before + 1; }, kBound));
  }
  EXPECT_TRUE(eventually([&] { return thread_count() == before; }, kBound));
  EXPECT_FALSE(eventually([] { return false; }, 10ms));
}

TEST(SupportResources, HeapGrowsWithWhatIsHeld) {
  const std::size_t before = heap_in_use_bytes();
  const std::string held(10U << 20U, 'x');
  EXPECT_GE(heap_in_use_bytes(), before + held.size());
}

}  // namespace
}  // namespace holdfast::test
