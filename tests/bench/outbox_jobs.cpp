#include "bench/outbox_jobs.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <span>
#include <thread>

#include <holdfast/device.hpp>

#include "base/descriptor.hpp"
#include "bench/clients/gate.hpp"
#include "bench/contenders.hpp"
#include "bench/counting_vfs.hpp"
#include "bench/feed.hpp"
#include "bench/own_process.hpp"
#include "reading_generated.h"
#include "support/event_wait.hpp"

namespace holdfast::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kTopic = "bench";
constexpr std::size_t kManyMessages = 10'000'000;
constexpr std::uint64_t kManyBytes = std::uint64_t{16} << 30U;
constexpr auto kBound = std::chrono::minutes(4);
constexpr double kMib = 1024.0 * 1024.0;

// A port that refuses connections for as long as this lives: bound, and nobody listens.
class DeadPort {
 public:
  DeadPort() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const plain = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket_.get(), plain, size) != 0 ||
        ::getsockname(socket_.get(), plain, &size) != 0) {
      give_up("no port can be bound");
    }
    port_ = ntohs(address.sin_port);
  }
  std::uint16_t port() const { return port_; }

 private:
  Descriptor socket_;
  std::uint16_t port_ = 0;
};

Options options_for(const Arguments& arguments, std::uint16_t port) {
  Options options = holdfast_options({port, arguments.text("pin"), {}}, "bench-outbox");
  options.state_dir = arguments.text("dir");
  options.outbox.messages = kManyMessages;
  options.outbox.bytes = kManyBytes;
  options.outbox.file_bytes = kManyBytes;
  options.outbox.group_commit.messages = arguments.number("group", 256);
  return options;
}

std::uint16_t broker_port(const Arguments& arguments) {
  return static_cast<std::uint16_t>(arguments.number("port", 0));
}

void expect(const Receipt& receipt) {
  if (!receipt) give_up(receipt.detail);
}

// Opaque payloads or, with `--stream 1`, readings of a typed stream.
class Publisher {
 public:
  Publisher(Device& device, const Arguments& arguments)
      : device_(device),
        // What an app does that must not lose a message and must not run ahead of the disk either.
        unstored_(std::clamp<std::size_t>(16 * arguments.number("group", 256), 64,
                                          limits::kUnstoredMessages / 4)) {
    if (arguments.number("stream", 0) != 0) {
      stream_ = device.stream<Reading>(kTopic, {.durable = Durable::at_push()});
      reading_.time_ms = 1'700'000'000'000;
      reading_.lat_e7 = 525'200'000;
      reading_.lon_e7 = 134'050'000;
      reading_.speed_cm_s = 1'234;
    }
    options_.durable = arguments.number("durable", 1) != 0 ? Durable::at_push() : Durable::never();
    if (options_.durable.is_kept()) on_stored_ = [this](const Stored&) { unstored_.done(); };
  }

  void ready() {
    if (!on_stored_) return;
    unstored_.wait_for_room();
    unstored_.published();
  }
  void publish() {
    if (stream_) {
      ++reading_.time_ms;
      expect(stream_->push(reading_, {.on_stored = on_stored_}));
      return;
    }
    PublishOptions options = options_;
    options.on_stored = on_stored_;
    expect(device_.publish(kTopic, as_payload(payload_), std::move(options)));
  }
  void wait_for_all() { unstored_.wait_for_all(); }
  /// Of one message, without its envelope.
  std::size_t payload_bytes() const {
    return stream_ ? pack<Reading>(reading_).size() : payload_.size();
  }

 private:
  Device& device_;
  Gate unstored_;
  const std::string payload_ = std::string(kPayloadBytes, 'x');
  PublishOptions options_;
  std::function<void(const Stored&)> on_stored_;
  std::optional<Stream<Reading>> stream_;
  ReadingT reading_;
};

double size_mib(const Arguments& arguments, const char* suffix) {
  std::error_code missing;
  const auto size =
      std::filesystem::file_size(arguments.text("dir") + "/outbox-1.db" + suffix, missing);
  return missing ? 0 : static_cast<double>(size) / kMib;
}

void wait_for_connection(Device& device) {
  test::EventLog<EventKind> events;
  device.on_event([&events](const Event& event) { events.append(event.kind); });
  device.start();
  if (!events.wait_for(
          [](const auto& kinds) {
            return std::find(kinds.begin(), kinds.end(), EventKind::connected) != kinds.end();
          },
          30s)) {
    give_up("no connection");
  }
  device.on_event({});
}

}  // namespace

// --- The jobs ------------------------------------------------------------------------------------

void store_job(const Arguments& arguments) {
  count_what_sqlite_writes();
  const DeadPort nobody;
  Device device(options_for(arguments, nobody.port()));
  device.start();
  Publisher publisher(device, arguments);
  Feed feed(arguments);
  feed.run([&] { publisher.ready(); }, [&] { publisher.publish(); });
  publisher.wait_for_all();
  const double seconds = feed.seconds();
  const auto messages = static_cast<double>(feed.calls());
  const Written written = written_by_sqlite();
  const auto calls = feed.percentiles();
  print_result({messages / seconds, calls[0], calls[1], calls[2],
                static_cast<double>(written.bytes()) / (messages * kPayloadBytes),
                static_cast<double>(written.syncs) / seconds});
  device.stop(0ms);
}

void fill_job(const Arguments& arguments) {
  count_what_sqlite_writes();
  const DeadPort nobody;
  Device device(options_for(arguments, nobody.port()));
  device.start();
  Publisher publisher(device, arguments);
  Feed feed(arguments);
  const double before = resident_mib();
  feed.run([&] { publisher.ready(); }, [&] { publisher.publish(); });
  publisher.wait_for_all();
  const double seconds = feed.seconds();
  const double after = resident_mib();
  const double log = size_mib(arguments, "-wal");
  if (device.stop(0ms).kept != feed.calls()) give_up("not all was kept");
  print_result({static_cast<double>(feed.calls()) / seconds, before, after, most_resident_mib(),
                static_cast<double>(written_by_sqlite().bytes()),
                static_cast<double>(feed.calls() * publisher.payload_bytes()), log});
}

void open_job(const Arguments& arguments) {
  const DeadPort nobody;
  const auto start = Clock::now();
  Device device(options_for(arguments, nobody.port()));
  const std::chrono::duration<double, std::milli> time = Clock::now() - start;
  print_result({time.count(), resident_mib(), most_resident_mib()});
}

void drain_job(const Arguments& arguments) {
  count_what_sqlite_writes();
  Device device(options_for(arguments, broker_port(arguments)));
  const std::size_t rows = device.status().waiting;
  wait_for_connection(device);
  const auto start = Clock::now();
  if (device.drain(kBound).undelivered > 0) give_up("not all was delivered in time");
  const std::chrono::duration<double> time = Clock::now() - start;
  const double log = size_mib(arguments, "-wal");
  device.stop();
  print_result({static_cast<double>(rows) / time.count(),
                static_cast<double>(written_by_sqlite().bytes()), most_resident_mib(),
                size_mib(arguments, ""), log});
}

void online_job(const Arguments& arguments) {
  count_what_sqlite_writes();
  Options options = options_for(arguments, broker_port(arguments));
  // On loopback a PUBACK is sooner than the commit; on a slow line it is not.
  if (arguments.number("slow-line", 0) != 0) options.outbox.group_commit.time = 0ms;
  Device device(std::move(options));
  wait_for_connection(device);
  const double before = kernel_written_bytes();
  const std::string payload(kPayloadBytes, 'x');
  const std::size_t within = arguments.number("within", 0);
  const PublishOptions how{.durable = within == 0 ? Durable::at_push()
                                                  : Durable::within(std::chrono::seconds(within))};
  Feed feed(arguments);
  feed.run([] {}, [&] { expect(device.publish(kTopic, as_payload(payload), how)); });
  // Not `drain` and not `flush`, which write.
  const bool delivered =
      test::eventually([&] { return device.status().counters.delivered == feed.calls(); }, kBound);
  if (!delivered) give_up("not all was delivered in time");
  device.stop();
  const double bytes = static_cast<double>(feed.calls() * kPayloadBytes);
  print_result({static_cast<double>(written_by_sqlite().bytes()) / bytes,
                (kernel_written_bytes() - before) / bytes});
}

}  // namespace holdfast::bench
