// The question these tests answer: does the program keep and show what real devices send through a
// real broker, each once, also over its own restarts, and whatever else comes?

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <holdfast/device.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "board_generated.h"
#include "reading_generated.h"
#include "store.hpp"
#include "support/event_wait.hpp"
#include "support/keys.hpp"
#include "support/mosquitto.hpp"
#include "support/process.hpp"
#include "support/subscriber.hpp"
#include "support/temp_dir.hpp"

namespace fleet {
namespace {

using namespace std::chrono_literals;
using holdfast::test::Process;

// Far above what anything takes here, also on a busy machine.
constexpr auto kBound = 60s;

std::string sealed(std::uint32_t sequence, std::int32_t lat_e7 = 481'000'000) {
  ReadingT reading;
  reading.time_ms = 1'800'000'000'000 + sequence;
  reading.lat_e7 = lat_e7;
  reading.lon_e7 = 115'000'000;
  const auto body = holdfast::pack<::Reading>(reading);
  const auto bytes = holdfast::seal_envelope({7, sequence, 0}, holdfast::as_payload(body));
  return std::string(holdfast::as_text(bytes));
}

// @return all that is answered until the server closes
std::string ask(std::uint16_t port, const std::string& request) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  std::string answer;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      ::send(fd, request.data(), request.size(), MSG_NOSIGNAL) >= 0) {
    std::array<char, 65'536> buffer{};
    for (ssize_t size = 1; size > 0;) {
      size = ::recv(fd, buffer.data(), buffer.size(), 0);
      if (size > 0) answer.append(buffer.data(), static_cast<std::size_t>(size));
    }
  }
  ::close(fd);
  return answer;
}

class BackendTest : public testing::Test {
 protected:
  BackendTest()
      : key_(holdfast::test::self_signed(dir_, holdfast::test::KeyType::p256, "localhost")),
        backup_(holdfast::test::self_signed(dir_, holdfast::test::KeyType::p256, "localhost")),
        broker_({.tls = key_}) {
    broker_.start();
    start();
  }

  void start() {
    backend_ =
        Process::spawn({HOLDFAST_FLEET_BACKEND, "--broker", url(), "--pin", key_.pin, "--pin",
                        backup_.pin, "--state-dir", (dir_.path() / "state").string(), "--db", file_,
                        "--http-port", "0", "--bytes-per-month", "1000000"});
    const auto line = backend_->wait_for_line("page: http://127.0.0.1:", kBound);
    ASSERT_TRUE(line) << backend_->output();
    port_ = static_cast<std::uint16_t>(std::stoul(line->substr(line->rfind(':') + 1)));
    ASSERT_TRUE(backend_->wait_for_lines("subscribed", 2, kBound)) << backend_->output();
  }
  std::string url() const { return "mqtts://127.0.0.1:" + std::to_string(broker_.tls_port()); }

  std::unique_ptr<holdfast::Device> device(const std::string& name) {
    return std::make_unique<holdfast::Device>(
        holdfast::Options{.broker = url(),
                          .client_id = name,
                          .pins = {key_.pin, backup_.pin},
                          .presence = holdfast::Presence{.topic = "truck/" + name + "/status"},
                          .budget = holdfast::Budget{.bytes_per_month = 50'000'000}});
  }
  // What the store has of a device, as another process sees it.
  std::optional<DeviceRow> row(const std::string& name) {
    Store store(file_);
    for (DeviceRow& device : store.devices(100, now_ms())) {
      if (device.name == name) return device;
    }
    return std::nullopt;
  }
  bool wait_for_readings(const std::string& name, std::int64_t count) {
    return holdfast::test::eventually(
        [&] {
          const auto found = row(name);
          return found && found->readings >= count;
        },
        kBound);
  }
  std::string page(const std::string& host = "") {
    const std::string name = host.empty() ? "127.0.0.1:" + std::to_string(port_) : host;
    return ask(port_, "GET / HTTP/1.1\r\nHost: " + name + "\r\n\r\n");
  }

  holdfast::test::TempDir dir_;
  holdfast::test::Identity key_;
  holdfast::test::Identity backup_;
  holdfast::test::Mosquitto broker_;
  std::string file_ = (dir_.path() / "fleet.db").string();
  std::unique_ptr<Process> backend_;
  std::uint16_t port_ = 0;
};

// Three kinds of payload, a status, and names that are no text of a page.
constexpr const char* kEvil = "\"><script>alert(1)</script>";

void send_readings(holdfast::Device& truck, holdfast::Device& board) {
  auto drive =
      truck.series("truck/7/drive",
                   holdfast::SeriesLayout({{.name = "lat", .resolution = 1e-6},
                                           {.name = "lon", .resolution = 1e-6},
                                           {.name = "speed", .resolution = 0.1, .unit = "m/s"},
                                           {.name = kEvil, .resolution = 1}}),
                   {.max_delay = 50ms});
  auto tables = truck.stream<::Reading>("truck/9/r");
  auto boards = board.stream<board::BoardReading>("hf/board-1/r");
  truck.start();
  board.start();
  const auto began = std::chrono::system_clock::now() - 20min;
  for (int n = 0; n < 40; ++n) {
    const double turn = n / 8.0;
    const std::array<holdfast::Sample, 4> samples{48.13 + turn / 100, 11.57 + turn * turn / 400,
                                                  10 + 5 * std::sin(turn), n};
    const auto taken = began + n * 30s;
    const auto taken_ms = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(taken.time_since_epoch()).count());
    EXPECT_TRUE(drive.push(samples, {.time = taken}));
    ReadingT table;
    table.time_ms = taken_ms;
    table.heading_cdeg = static_cast<std::uint16_t>(12'000 + n * 100);
    table.fuel_permille = static_cast<std::uint16_t>(700 - n);
    table.lat_e7 = 481'400'000 - n * 20'000;
    table.lon_e7 = 115'700'000 + n * 30'000;
    table.speed_cm_s = static_cast<std::uint16_t>(1'200 + 10 * n);
    EXPECT_TRUE(tables.push(table));
    board::BoardReadingT reading;
    reading.time_ms = taken_ms;
    reading.cpu_permille = static_cast<std::uint16_t>(300 + n * 7 % 90);
    reading.memory_kib =
        std::make_unique<board::Usage>(static_cast<std::uint32_t>(500'000 + n * 100), 1'000'000U);
    EXPECT_TRUE(boards.push(reading));
  }
  EXPECT_EQ(truck.drain(kBound).undelivered, 0U);
  EXPECT_EQ(board.drain(kBound).undelivered, 0U);
}

TEST_F(BackendTest, KeepsAndShowsWhatDevicesSend) {
  const auto truck = device("7");
  const auto board = device("board-1");
  send_readings(*truck, *board);
  ASSERT_TRUE(wait_for_readings("truck/7", 40)) << backend_->output();
  ASSERT_TRUE(wait_for_readings("truck/9", 40)) << backend_->output();
  ASSERT_TRUE(wait_for_readings("hf/board-1", 40)) << backend_->output();
  ASSERT_TRUE(holdfast::test::eventually(
      [&] {
        const auto found = row("truck/7");
        return found && found->condition && found->condition->online;
      },
      kBound));
  for (const char* name : {"truck/7", "truck/9", "hf/board-1"}) {
    const auto found = row(name);
    EXPECT_EQ(found->readings, 40) << name;
    EXPECT_EQ(found->missing, 0) << name;
  }
  Store store(file_);
  EXPECT_EQ(store.track(row("truck/7")->id, 100).size(), 40U);
  EXPECT_NEAR(store.track(row("truck/9")->id, 100).back().lat, 48.14 - 39 * 0.002, 1e-9);
  const std::string text = page();
  EXPECT_TRUE(text.starts_with("HTTP/1.1 200 OK\r\n")) << text.substr(0, 200);
  EXPECT_NE(text.find("<bdi>truck/7</bdi> <span class=\"online\">"), std::string::npos);
  EXPECT_NE(text.find("vouched for by</th><td><code>" + key_.pin), std::string::npos);
  EXPECT_NE(text.find("% of 50.00 MB"), std::string::npos) << "the device's own budget";
  EXPECT_NE(text.find("<th>for</th><td>handshake "), std::string::npos);
  EXPECT_EQ(text.find("<script"), std::string::npos);
  EXPECT_NE(text.find("<bdi>&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;</bdi>"),
            std::string::npos);
  EXPECT_EQ(backend_->terminate(), 0) << backend_->output();
}

TEST_F(BackendTest, CountsEachMessageOnceOverItsOwnRestarts) {
  holdfast::test::Publisher sender({.port = broker_.plain_port()});
  for (const std::uint32_t sequence : {1U, 1U, 4U}) sender.publish("truck/1/r", sealed(sequence));
  ASSERT_TRUE(sender.wait_acks(kBound));
  ASSERT_TRUE(wait_for_readings("truck/1", 2)) << backend_->output();
  EXPECT_EQ(row("truck/1")->missing, 2);

  ASSERT_EQ(backend_->terminate(), 0) << backend_->output();
  // The broker keeps these: its session outlives it.
  for (const std::uint32_t sequence : {2U, 4U, 5U}) sender.publish("truck/1/r", sealed(sequence));
  ASSERT_TRUE(sender.wait_acks(kBound));
  start();
  ASSERT_TRUE(wait_for_readings("truck/1", 4)) << backend_->output();
  const auto found = row("truck/1");
  EXPECT_EQ(found->readings, 4);
  EXPECT_EQ(found->missing, 1);
  EXPECT_EQ(found->copies, 2);
}

TEST_F(BackendTest, LosesNothingOfWhatIsStoredWhenItIsKilled) {
  holdfast::test::Publisher sender({.port = broker_.plain_port()});
  for (std::uint32_t sequence = 1; sequence <= 50; ++sequence) {
    sender.publish("truck/1/r", sealed(sequence));
  }
  ASSERT_TRUE(sender.wait_acks(kBound));
  ASSERT_TRUE(wait_for_readings("truck/1", 50));
  backend_->kill();
  sender.publish("truck/1/r", sealed(51));
  ASSERT_TRUE(sender.wait_acks(kBound));
  start();
  ASSERT_TRUE(wait_for_readings("truck/1", 51)) << backend_->output();
  EXPECT_EQ(row("truck/1")->readings, 51);
  EXPECT_EQ(row("truck/1")->missing, 0);
}

TEST_F(BackendTest, LeavesOutWhatIsNotWhatItShouldBe) {
  holdfast::test::Publisher sender({.port = broker_.plain_port()});
  const std::string good = sealed(1);
  std::string foreign = good;
  foreign.replace(4, 4, "XXXX");
  const std::vector<std::string> bad{"rubbish", std::string(5'000, '\xff'),
                                     good.substr(0, good.size() - 9), foreign, "{\"lat\":1}"};
  for (const std::string& payload : bad) sender.publish("truck/\xC3\xBC<b>/r", payload);
  // A second declaration that is cut, and a series whose declaration never comes.
  sender.publish("truck/2/drive/layout", good.substr(0, 12));
  sender.publish("truck/1/r", good);
  ASSERT_TRUE(sender.wait_acks(kBound));
  ASSERT_TRUE(wait_for_readings("truck/1", 1)) << backend_->output();
  EXPECT_TRUE(backend_->wait_for_lines("left out a payload", bad.size() + 1, kBound))
      << backend_->output();
  EXPECT_FALSE(row("truck/\xC3\xBC<b>"));
  EXPECT_TRUE(backend_->running());
  EXPECT_EQ(backend_->output().find('\xC3'), std::string::npos) << "a terminal must not obey";
}

TEST_F(BackendTest, ASeriesWaitsForItsDeclaration) {
  const holdfast::SeriesLayout layout({{.name = "rpm"}});
  holdfast::SeriesWriter writer(layout);
  const std::array<holdfast::Sample, 1> sample{900.0};
  ASSERT_FALSE(writer.add({1'800'000'000'000, 0}, sample));
  const auto batch = writer.finish({3, 1, 0});
  holdfast::test::Publisher sender({.port = broker_.plain_port()});
  sender.publish("truck/3/drive", holdfast::as_text(batch));
  sender.publish("truck/1/r", sealed(1));
  ASSERT_TRUE(sender.wait_acks(kBound));
  ASSERT_TRUE(wait_for_readings("truck/1", 1));
  EXPECT_FALSE(row("truck/3"));
  sender.publish("truck/3/drive/layout", holdfast::as_text(layout.describe()));
  EXPECT_TRUE(wait_for_readings("truck/3", 1)) << backend_->output();
}

TEST_F(BackendTest, AnswersNobodyUnderAnotherName) {
  EXPECT_TRUE(page("evil.example").starts_with("HTTP/1.1 421 "));
  EXPECT_TRUE(ask(port_, "POST / HTTP/1.1\r\nHost: localhost:" + std::to_string(port_) +
                             "\r\nContent-Length: 0\r\n\r\n")
                  .starts_with("HTTP/1.1 405 "));
  EXPECT_TRUE(ask(port_, std::string(20'000, 'x')).starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(page().starts_with("HTTP/1.1 200 "));
}

TEST_F(BackendTest, AClientThatSaysNothingIsInNobodysWay) {
  std::vector<int> silent;
  for (int n = 0; n < 20; ++n) {
    silent.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port_);
    ASSERT_EQ(::connect(silent.back(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
  }
  EXPECT_TRUE(page().starts_with("HTTP/1.1 200 "));
  for (const int fd : silent) {
    char byte = 0;
    // Hung up on in time, which recv tells by its end.
    EXPECT_LE(::recv(fd, &byte, 1, 0), 0);
    ::close(fd);
  }
}

// The page in the browser that people have. The label is `full`: Chromium is a large package.
class BrowserTest : public BackendTest {
 protected:
  void SetUp() override {
    if (holdfast::test::run({"sh", "-c", "command -v chromium"}, kBound).status != 0) {
      GTEST_SKIP() << "chromium is not installed";
    }
  }
  std::string browse(std::vector<std::string> more) {
    std::vector<std::string> argv{"chromium",
                                  "--headless",
                                  "--no-sandbox",
                                  "--disable-gpu",
                                  "--no-first-run",
                                  "--disable-dev-shm-usage",
                                  "--user-data-dir=" + (dir_.path() / "browser").string()};
    argv.insert(argv.end(), more.begin(), more.end());
    argv.push_back("http://127.0.0.1:" + std::to_string(port_) + "/");
    const auto result =
        holdfast::test::run(argv, 3 * kBound, {.environment = {{"HOME", dir_.path().string()}}});
    EXPECT_EQ(result.status, 0) << result.output;
    return result.output;
  }
};

TEST_F(BrowserTest, ShowsTheFleetAndRunsNothing) {
  const auto truck = device("7");
  const auto board = device("board-1");
  send_readings(*truck, *board);
  holdfast::test::Publisher sender({.port = broker_.plain_port()});
  const std::string evil = "truck/<script>document.title='owned'</script><img src=x>";
  sender.publish(evil + "/r", sealed(1, 481'350'000));
  ASSERT_TRUE(sender.wait_acks(kBound));
  ASSERT_TRUE(wait_for_readings("truck/7", 40) && wait_for_readings("truck/9", 40) &&
              wait_for_readings("hf/board-1", 40) && wait_for_readings(evil, 1));
  const std::string dom = browse({"--dump-dom"});
  const auto count = [&](const std::string& what) {
    std::size_t found = 0;
    for (std::size_t at = dom.find(what); at != dom.npos; at = dom.find(what, at + 1)) ++found;
    return found;
  };
  EXPECT_NE(dom.find("<title>Fleet</title>"), std::string::npos) << dom;
  EXPECT_EQ(count("<section"), 5U)
      << "four devices of readings, and the status of one of them by itself";
  EXPECT_EQ(count("<circle"), 3U) << "three of them move";
  EXPECT_GE(count("<polyline"), 8U);
  EXPECT_EQ(count("<script"), 0U);
  EXPECT_EQ(count("<img"), 0U);
  // For people to look at: HOLDFAST_SCREENSHOTS=DIR keeps them.
  const char* const kept = std::getenv("HOLDFAST_SCREENSHOTS");
  const std::filesystem::path to = kept != nullptr ? kept : dir_.path() / "shots";
  std::filesystem::create_directories(to);
  browse({"--window-size=1280,1100", "--screenshot=" + (to / "desk.png").string()});
  browse({"--window-size=500,1600", "--force-dark-mode", "--blink-settings=preferredColorScheme=0",
          "--screenshot=" + (to / "phone.png").string()});
  for (const char* file : {"desk.png", "phone.png"}) {
    EXPECT_GT(std::filesystem::file_size(to / file), 10'000U) << file;
  }
}

}  // namespace
}  // namespace fleet
