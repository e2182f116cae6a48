// Readings through a series of Holdfast, beside clients that send a message for each.

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <holdfast/device.hpp>

#include "bench/clients/client.hpp"
#include "bench/clients/gate.hpp"
#include "bench/own_process.hpp"
#include "bench/payload/track.hpp"
#include "bench/speed/jobs.hpp"
#include "support/event_wait.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// Readings that are pushed and not acknowledged. Below the bound of what may wait for the disk.
constexpr std::size_t kWindow = 16'384;
constexpr std::size_t kStride = 256;
constexpr double kPubackBytes = 4;  // MQTT 5 section 3.4, with reason code 0

const SeriesOf<Reading>& declaration() {
  static const SeriesOf<Reading> series({.time_resolution = 1s}, {{"lat", &Reading::lat},
                                                                  {"lon", &Reading::lon},
                                                                  {"speed", &Reading::speed},
                                                                  {"heading", &Reading::heading},
                                                                  {"fuel", &Reading::fuel}});
  return series;
}

// The drive again and again, with times that go on.
class EndlessDrive {
 public:
  explicit EndlessDrive(const std::string& file) : track_(read_track(file)) {}

  const Reading& next() {
    now_.time += 5'000;
    const std::int64_t time = now_.time;
    now_ = track_[at_++ % track_.size()];
    now_.time = time;
    return now_;
  }

 private:
  std::vector<Reading> track_;
  std::size_t at_ = 0;
  Reading now_{.time = 1'796'083'200'000};
};

struct Spent {
  double seconds = 0;
  double cpu = 0;
  double bytes = 0;
  double messages = 0;
};

// "at-push", or milliseconds for `within`; else never.
Durable durable_of(const Arguments& arguments) {
  const std::string when = arguments.text("durable");
  if (when.empty()) return Durable::never();
  if (when == "at-push") return Durable::at_push();
  return Durable::within(std::chrono::milliseconds(arguments.number("durable", 0)));
}

Spent push_readings(const Arguments& arguments, std::size_t readings) {
  const test::TempDir dir;
  const Durable durable = durable_of(arguments);
  Options options = holdfast_options(target_of(arguments), "bench-holdfast");
  if (durable.is_kept()) options.state_dir = dir.path() / "state";
  Device device(std::move(options));
  test::EventLog<int> up;
  device.on_event([&](const Event& event) {
    if (event.kind == EventKind::connected) up.append(1);
  });
  device.start();
  if (!up.wait_for_count(1, 30s)) give_up("no connection");
  auto stream =
      device.series(kTopic, declaration(),
                    {.max_delay = std::chrono::milliseconds(arguments.number("max-delay", 100)),
                     .max_bytes = arguments.number("batch-bytes", limits::kBatchBytes),
                     .durable = durable},
                    Declare::never);
  EndlessDrive drive(arguments.text("track"));
  Gate gate(kWindow);
  // On loopback the bill of one PUBACK is known, so it tells how many messages there were.
  const auto acknowledgements = [&] {
    return static_cast<double>(device.ledger().made[Cause::acknowledgements].down);
  };
  const std::uint64_t bytes_before = device.ledger().ip_bytes();
  const double acknowledged_before = acknowledgements();
  const double cpu_before = cpu_seconds();
  const auto start = Clock::now();
  for (std::size_t i = 1; i <= readings; ++i) {
    const Reading& reading = drive.next();
    PushOptions push{
        .time = std::chrono::system_clock::time_point(std::chrono::milliseconds(reading.time))};
    if (i % kStride == 0) {
      gate.published(kStride);
      push.on_done = [&gate](const Delivery& delivery) {
        if (delivery.error) give_up(delivery.detail);
        gate.done(kStride);
      };
    }
    gate.wait_for_room();
    if (const Receipt receipt = stream.push(reading, std::move(push)); !receipt) {
      give_up(receipt.detail);
    }
  }
  if (device.drain(3min).undelivered > 0) give_up("not all was delivered in time");
  const std::chrono::duration<double> time = Clock::now() - start;
  Spent spent{time.count(), cpu_seconds() - cpu_before};
  spent.bytes = static_cast<double>(device.ledger().ip_bytes() - bytes_before);
  spent.messages = (acknowledgements() - acknowledged_before) / kPubackBytes;
  device.stop();
  return spent;
}

Spent publish_readings(const Arguments& arguments, std::size_t readings) {
  const Use use{.bytes = arguments.number("bytes", 100), .window = arguments.number("window", 0)};
  const std::string payload(use.bytes, 'x');
  const auto client = make_client(arguments.text("contender"), use);
  client->connect(target_of(arguments));
  const std::uint64_t bytes_before = client->ip_bytes();
  const double cpu_before = cpu_seconds();
  const auto start = Clock::now();
  for (std::size_t i = 1; i < readings; ++i) {
    client->wait_for_room();
    client->publish(payload, 1);
  }
  client->finish(payload);
  const std::chrono::duration<double> time = Clock::now() - start;
  Spent spent{time.count(), cpu_seconds() - cpu_before};
  spent.bytes = static_cast<double>(client->ip_bytes() - bytes_before);
  spent.messages = static_cast<double>(readings);
  client->disconnect();
  return spent;
}

void readings(const Arguments& arguments) {
  const std::size_t readings = arguments.number("messages", 0);
  const Spent spent = arguments.text("contender") == "series"
                          ? push_readings(arguments, readings)
                          : publish_readings(arguments, readings);
  const auto count = static_cast<double>(readings);
  print_result({count / spent.seconds, spent.cpu * 1e6 / count, spent.bytes / count,
                count / spent.messages});
}

}  // namespace

const Job kReadings{
    readings,
    {"readings_per_second", "cpu_us_per_reading", "ip_bytes_per_reading", "readings_per_message"}};

}  // namespace holdfast::bench
