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
#include "bench/contenders.hpp"
#include "bench/counting_vfs.hpp"
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

// What an app does that must not lose a message and must not run ahead of the disk either: so many
// may wait for their `on_stored`.
class Brake {
 public:
  explicit Brake(std::size_t most) : most_(most) {}

  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_ < most_; });
    ++waiting_;
  }
  void stored() {
    const std::lock_guard lock(mutex_);
    --waiting_;
    if (waiting_ + most_ / 4 == most_ || waiting_ == 0) changed_.notify_all();
  }
  void wait_for_all() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_ == 0; });
  }

 private:
  const std::size_t most_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t waiting_ = 0;
};

void expect(const Receipt& receipt) {
  if (!receipt) give_up(receipt.detail);
}

// Opaque payloads or, with `--stream 1`, readings of a typed stream.
class Publisher {
 public:
  Publisher(Device& device, const Arguments& arguments)
      : device_(device),
        brake_(std::clamp<std::size_t>(16 * arguments.number("group", 256), 64,
                                       limits::kUnstoredMessages / 4)) {
    if (arguments.number("stream", 0) != 0) {
      stream_ = device.stream<Reading>(kTopic, {.durable = Durable::at_push()});
      reading_.time_ms = 1'700'000'000'000;
      reading_.lat_e7 = 525'200'000;
      reading_.lon_e7 = 134'050'000;
      reading_.speed_cm_s = 1'234;
    }
    options_.durable = arguments.number("durable", 1) != 0 ? Durable::at_push() : Durable::never();
    if (options_.durable.is_kept()) on_stored_ = [this](const Stored&) { brake_.stored(); };
  }

  void ready() {
    if (on_stored_) brake_.wait();
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
  void wait_for_all() { brake_.wait_for_all(); }
  /// Of one message, without its envelope.
  std::size_t payload_bytes() const {
    return stream_ ? pack<Reading>(reading_).size() : payload_.size();
  }

 private:
  Device& device_;
  Brake brake_;
  const std::string payload_ = std::string(kPayloadBytes, 'x');
  PublishOptions options_;
  std::function<void(const Stored&)> on_stored_;
  std::optional<Stream<Reading>> stream_;
  ReadingT reading_;
};

double memory_mib(std::string_view field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field)) return std::stod(line.substr(field.size() + 1)) / 1024;
  }
  give_up("/proc/self/status has no " + std::string(field));
}

double kernel_written_bytes() {
  std::ifstream io("/proc/self/io");
  for (std::string name; io >> name;) {
    double number = 0;
    io >> number;
    if (name == "write_bytes:") return number;
  }
  give_up("/proc/self/io has no write_bytes");
}

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

double resident_mib() {
  return memory_mib("VmRSS:");
}

double most_resident_mib() {
  return memory_mib("VmHWM:");
}

// --- Feed ----------------------------------------------------------------------------------------

Feed::Feed(const Arguments& arguments)
    : rows_(arguments.number("rows", SIZE_MAX)),
      time_(arguments.number("rows", 0) > 0 ? 24h
                                            : std::chrono::seconds(arguments.number("seconds", 3))),
      pace_(static_cast<double>(arguments.number("pace", 0))) {
  microseconds_.resize(1 << 20U);  // all that is needed as a rule, and not counted as a backlog's
  microseconds_.clear();
}

void Feed::run(const std::function<void()>& ready, const std::function<void()>& publish) {
  start_ = Clock::now();
  Clock::time_point at = start_;
  while (calls() < rows_ && at - start_ < time_) {
    if (pace_ > 0) {
      const std::chrono::duration<double> due(static_cast<double>(calls()) / pace_);
      std::this_thread::sleep_until(start_ + std::chrono::duration_cast<Clock::duration>(due));
    }
    ready();
    at = Clock::now();
    publish();
    const std::chrono::duration<float, std::micro> took = Clock::now() - at;
    microseconds_.push_back(took.count());
  }
}

double Feed::seconds() const {
  return std::chrono::duration<double>(Clock::now() - start_).count();
}

std::vector<double> Feed::percentiles() {
  std::sort(microseconds_.begin(), microseconds_.end());
  const auto at = [this](double share) {
    const auto last = static_cast<double>(calls() - 1);
    return static_cast<double>(microseconds_[static_cast<std::size_t>(std::ceil(share * last))]);
  };
  return {at(0.5), at(0.99), at(1)};
}

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
