// Throughput, CPU and bytes of publishing many small messages to a local mosquitto over TLS:
// Holdfast beside Paho C++ with its own TLS, in turn in one run.
//
//   holdfast_bench_publish [--messages N] [--bytes N] [--rounds N]
//
// The clock runs from the first publish until the
// broker has acknowledged the last message; at QoS 0 that last one is published at QoS 1, because a
// broker handles a connection's packets in order. Bytes are IP packets with headers, from the
// kernel's counters of the socket (TCP_INFO), read for both in the same way. CPU is the process's
// own.

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "bench/contenders.hpp"
#include "bench/harness.hpp"
#include "support/keys.hpp"
#include "support/mosquitto.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::bench {
namespace {

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// The child: messages a second, microseconds of CPU a message, bytes a message.
void measure(const Arguments& arguments) {
  const Workload workload{{static_cast<std::uint16_t>(arguments.number("port", 0)),
                           arguments.text("pin"), arguments.text("cert")},
                          arguments.number("messages", 0),
                          arguments.number("bytes", 0),
                          static_cast<int>(arguments.number("qos", 0))};
  const auto contender = make_contender(arguments.text("contender"));
  contender->connect(workload);
  const std::uint64_t bytes_before = contender->ip_bytes();
  const double cpu_before = cpu_seconds();
  const auto start = std::chrono::steady_clock::now();
  contender->publish_all(workload);
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  const double cpu = cpu_seconds() - cpu_before;
  const auto bytes = static_cast<double>(contender->ip_bytes() - bytes_before);
  contender->disconnect();
  const auto messages = static_cast<double>(workload.messages);
  print_result({messages / time.count(), cpu * 1e6 / messages, bytes / messages});
}

void compare(Arguments arguments) {
  test::TempDir dir;
  const auto key = test::self_signed(dir, test::KeyType::p256, "localhost");
  test::Mosquitto broker({.tls = key, .plain_listener = false, .max_inflight_messages = 100});
  broker.start();
  arguments.set("messages", std::to_string(arguments.number("messages", 50'000)));
  arguments.set("bytes", std::to_string(arguments.number("bytes", 100)));
  arguments.set("port", std::to_string(broker.tls_port()));
  arguments.set("pin", key.pin);
  arguments.set("cert", key.cert_file.string());
  const std::size_t rounds = arguments.number("rounds", 5);

  std::printf(
      "%s messages of %s bytes, medians of %zu runs in turn, mosquitto on loopback, TLS 1.3\n\n",
      arguments.text("messages").c_str(), arguments.text("bytes").c_str(), rounds);
  std::printf("%-4s %-10s %12s %14s %14s\n", "QoS", "client", "messages/s", "CPU us/message",
              "bytes/message");
  for (const char* qos : {"0", "1"}) {
    arguments.set("qos", qos);
    std::map<std::string, std::vector<std::vector<double>>> runs;
    for (std::size_t round = 0; round < rounds; ++round) {
      for (const char* contender : {"holdfast", "paho"}) {
        arguments.set("contender", contender);
        runs[contender].push_back(arguments.measure_in_child(3));
      }
    }
    const auto ours = medians(runs["holdfast"]);
    const auto theirs = medians(runs["paho"]);
    for (const auto& [name, figures] : {std::pair("holdfast", ours), std::pair("paho", theirs)}) {
      std::printf("%-4s %-10s %12.0f %14.1f %14.1f\n", qos, name, figures[0], figures[1],
                  figures[2]);
    }
    std::printf("%-4s %-10s %11.2fx %13.2fx %13.2fx\n\n", qos, "ratio", ours[0] / theirs[0],
                ours[1] / theirs[1], ours[2] / theirs[2]);
  }
}

}  // namespace
}  // namespace holdfast::bench

int main(int argc, char** argv) {
  using namespace holdfast::bench;
  const Arguments arguments(
      argc, argv, {"contender", "messages", "bytes", "qos", "rounds", "port", "pin", "cert"});
  arguments.text("contender").empty() ? compare(arguments) : measure(arguments);
}
