#include "bench/speed/jobs.hpp"

#include <signal.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include "bench/clients/client.hpp"
#include "bench/feed.hpp"
#include "bench/own_process.hpp"

namespace holdfast::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// After the last packet that something happened by, before what it has left behind is looked at.
constexpr auto kSettled = 2s;

Use use_of(const Arguments& arguments) {
  return {.bytes = arguments.number("bytes", 100),
          .window = arguments.number("window", 0),
          .reachable = arguments.number("reachable", 0) != 0};
}

void throughput(const Arguments& arguments) {
  const std::size_t messages = arguments.number("messages", 0);
  const int qos = static_cast<int>(arguments.number("qos", 1));
  const Use use = use_of(arguments);
  const std::string payload(use.bytes, 'x');
  const auto client = make_client(arguments.text("contender"), use);
  client->connect(target_of(arguments));
  const std::uint64_t bytes_before = client->ip_bytes();
  const double cpu_before = cpu_seconds();
  const auto start = Clock::now();
  for (std::size_t i = 1; i < messages; ++i) {
    client->wait_for_room();
    client->publish(payload, qos);
  }
  client->finish(payload);
  const std::chrono::duration<double> time = Clock::now() - start;
  const double cpu = cpu_seconds() - cpu_before;
  const auto bytes = static_cast<double>(client->ip_bytes() - bytes_before);
  client->disconnect();
  const auto count = static_cast<double>(messages);
  print_result({count / time.count(), cpu * 1e6 / count, bytes / count, most_resident_mib()});
}

void latency(const Arguments& arguments) {
  const Use use = use_of(arguments);
  const std::string payload(use.bytes, 'x');
  const auto client = make_client(arguments.text("contender"), use);
  client->connect(target_of(arguments));
  Feed feed(arguments);
  feed.run([&] { client->wait_for_room(); }, [&] { client->publish(payload, 1); });
  client->finish(payload);
  const double rate = static_cast<double>(feed.calls()) / feed.seconds();
  const auto calls = feed.percentiles();
  client->disconnect();
  print_result({calls[0], calls[1], calls[2], rate});
}

void memory(const Arguments& arguments) {
  const std::size_t messages = arguments.number("messages", 0);
  const auto broker = static_cast<pid_t>(arguments.number("broker-pid", 0));
  const Use use = use_of(arguments);
  const std::string payload(use.bytes, 'x');
  const auto client = make_client(arguments.text("contender"), use);
  client->connect(target_of(arguments));
  std::this_thread::sleep_for(kSettled);
  const double connected = most_resident_mib();
  if (broker <= 0 || ::kill(broker, SIGSTOP) != 0) give_up("the broker cannot be stopped");
  for (std::size_t i = 0; i < messages; ++i) client->publish(payload, 1);
  std::this_thread::sleep_for(kSettled);
  const double full = most_resident_mib();
  ::kill(broker, SIGCONT);
  print_result({connected, full});
  std::fflush(stdout);
  std::_Exit(0);  // what waits is not the question here
}

void idle(const Arguments& arguments) {
  const std::chrono::seconds window(arguments.number("idle-seconds", 60));
  const auto client = make_client(arguments.text("contender"), use_of(arguments));
  client->connect(target_of(arguments));
  std::this_thread::sleep_for(kSettled);
  const OtherThreads before = other_threads();
  const double cpu_before = cpu_seconds();
  std::this_thread::sleep_for(window);
  const double cpu = cpu_seconds() - cpu_before;
  const OtherThreads after = other_threads();
  const double hours = std::chrono::duration<double>(window).count() / 3'600;
  client->disconnect();
  print_result({static_cast<double>(after.count),
                static_cast<double>(after.wake_ups - before.wake_ups) / hours, cpu / hours});
}

}  // namespace

const Job kThroughput{
    throughput,
    {"messages_per_second", "cpu_us_per_message", "ip_bytes_per_message", "peak_rss_mib"}};
const Job kLatency{latency, {"p50_us", "p99_us", "max_us", "calls_per_second"}};
const Job kMemory{memory, {"connected_peak_rss_mib", "backlog_peak_rss_mib"}};
const Job kIdle{idle, {"threads", "wake_ups_per_hour", "cpu_seconds_per_hour"}};

}  // namespace holdfast::bench
