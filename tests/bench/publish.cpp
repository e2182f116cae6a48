// Throughput, CPU and bytes of publishing many small messages to a local mosquitto over TLS:
// Holdfast beside Paho C++ with its own TLS, in turn in one run.
//
//   holdfast_bench_publish [--messages N] [--bytes N] [--rounds N]
//
// Each measurement is a process of its own (this program again, with --contender), so that neither
// sees the other's threads, caches or sockets. The clock runs from the first publish until the
// broker has acknowledged the last message; at QoS 0 that last one is published at QoS 1, because a
// broker handles a connection's packets in order. Bytes are IP packets with headers, from the
// kernel's counters of the socket (TCP_INFO), read for both in the same way. CPU is the process's
// own.

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "bench/contenders.hpp"
#include "support/keys.hpp"
#include "support/mosquitto.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::bench {
namespace {

using namespace std::chrono_literals;

struct Arguments {
  std::string contender;
  Workload workload;
  int rounds = 5;
};

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const std::string value = argv[i + 1];
    if (name == "--contender")
      arguments.contender = value;
    else if (name == "--messages")
      arguments.workload.messages = std::stoul(value);
    else if (name == "--bytes")
      arguments.workload.bytes = std::stoul(value);
    else if (name == "--qos")
      arguments.workload.qos = std::stoi(value);
    else if (name == "--port")
      arguments.workload.port = static_cast<std::uint16_t>(std::stoul(value));
    else if (name == "--pin")
      arguments.workload.pin = value;
    else if (name == "--cert")
      arguments.workload.certificate = value;
    else if (name == "--rounds")
      arguments.rounds = std::stoi(value);
    else {
      std::cerr << "unknown option " << name << "; see the head of tests/bench/publish.cpp\n";
      std::exit(2);
    }
  }
  return arguments;
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// The child: one contender, one measurement, one line on stdout.
int measure(const Arguments& arguments) {
  const auto contender = make_contender(arguments.contender);
  contender->connect(arguments.workload);
  const std::uint64_t bytes_before = contender->ip_bytes();
  const double cpu_before = cpu_seconds();
  const auto start = std::chrono::steady_clock::now();
  contender->publish_all(arguments.workload);
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  const double cpu = cpu_seconds() - cpu_before;
  const std::uint64_t bytes = contender->ip_bytes() - bytes_before;
  contender->disconnect();
  std::printf("result %.6f %.6f %llu\n", time.count(), cpu, static_cast<unsigned long long>(bytes));
  return 0;
}

struct Figures {
  double messages_per_second = 0;
  double cpu_us_per_message = 0;
  double bytes_per_message = 0;
};

Figures run_child(const std::string& contender, const Workload& workload) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  const auto result = test::run(
      {self, "--contender", contender, "--messages", std::to_string(workload.messages), "--bytes",
       std::to_string(workload.bytes), "--qos", std::to_string(workload.qos), "--port",
       std::to_string(workload.port), "--pin", workload.pin, "--cert", workload.certificate},
      300s);
  const auto at = result.output.rfind("result ");
  std::istringstream line(at == std::string::npos ? "" : result.output.substr(at + 7));
  double seconds = 0;
  double cpu = 0;
  double bytes = 0;
  if (result.status != 0 || !(line >> seconds >> cpu >> bytes)) {
    std::cerr << contender << " failed (" << result.status << "): " << result.output << "\n";
    std::exit(1);
  }
  const auto messages = static_cast<double>(workload.messages);
  return {messages / seconds, cpu * 1e6 / messages, bytes / messages};
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

Figures medians(const std::vector<Figures>& all) {
  const auto of = [&all](double Figures::*member) {
    std::vector<double> values;
    for (const Figures& figures : all) values.push_back(figures.*member);
    return median(std::move(values));
  };
  return {of(&Figures::messages_per_second), of(&Figures::cpu_us_per_message),
          of(&Figures::bytes_per_message)};
}

int compare(const Arguments& arguments) {
  test::TempDir dir;
  const auto key = test::self_signed(dir, test::KeyType::p256, "localhost");
  test::Mosquitto broker({.tls = key, .plain_listener = false, .max_inflight_messages = 100});
  broker.start();

  std::printf(
      "%zu messages of %zu bytes, medians of %d runs in turn, mosquitto on loopback, TLS 1.3\n\n",
      arguments.workload.messages, arguments.workload.bytes, arguments.rounds);
  std::printf("%-4s %-10s %12s %14s %14s\n", "QoS", "client", "messages/s", "CPU us/message",
              "bytes/message");
  for (const int qos : {0, 1}) {
    std::map<std::string, std::vector<Figures>> runs;
    Workload workload = arguments.workload;
    workload.qos = qos;
    workload.port = broker.tls_port();
    workload.pin = key.pin;
    workload.certificate = key.cert_file.string();
    for (int round = 0; round < arguments.rounds; ++round) {
      for (const char* contender : {"holdfast", "paho"}) {
        runs[contender].push_back(run_child(contender, workload));
      }
    }
    const Figures ours = medians(runs["holdfast"]);
    const Figures theirs = medians(runs["paho"]);
    for (const auto& [name, figures] : {std::pair("holdfast", ours), std::pair("paho", theirs)}) {
      std::printf("%-4d %-10s %12.0f %14.1f %14.1f\n", qos, name, figures.messages_per_second,
                  figures.cpu_us_per_message, figures.bytes_per_message);
    }
    std::printf("%-4d %-10s %11.2fx %13.2fx %13.2fx\n\n", qos, "ratio",
                ours.messages_per_second / theirs.messages_per_second,
                ours.cpu_us_per_message / theirs.cpu_us_per_message,
                ours.bytes_per_message / theirs.bytes_per_message);
  }
  return 0;
}

}  // namespace
}  // namespace holdfast::bench

int main(int argc, char** argv) {
  const auto arguments = holdfast::bench::parse(argc, argv);
  return arguments.contender.empty() ? holdfast::bench::compare(arguments)
                                     : holdfast::bench::measure(arguments);
}
