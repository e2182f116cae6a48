// What a run rests on: versions of packages and of the kernel, and the machine.

#include <sys/utsname.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include <holdfast/version.hpp>
#include <nlohmann/json.hpp>

#include "bench/wire/report.hpp"
#include "support/process.hpp"

namespace holdfast::bench::wire {

nlohmann::json versions() {
  nlohmann::json data;
  data["holdfast"] = std::string(version());
  utsname kernel{};
  ::uname(&kernel);
  data["linux"] = kernel.release;
  const auto result = test::run(
      {"dpkg-query", "-W", "-f", "${db:Status-Status} ${Package} ${Version}\n", "mosquitto",
       "libmosquitto1", "libpaho-mqttpp3-1", "libpaho-mqtt1.3", "libwolfssl*", "libssl3*", "curl",
       "libcurl4*", "nginx-light", "nginx", "libcoap3*", "libc6"},
      std::chrono::seconds(20));
  std::istringstream lines(result.output);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string status;
    std::string package;
    std::string version;
    if (words >> status >> package >> version && status == "installed") data[package] = version;
  }
  return data;
}

nlohmann::json machine() {
  nlohmann::json data{{"threads", std::thread::hardware_concurrency()}};
  std::ifstream processor("/proc/cpuinfo");
  for (std::string line; std::getline(processor, line);) {
    if (!line.starts_with("model name")) continue;
    data["processor"] = line.substr(line.find(':') + 2);
    break;
  }
  std::ifstream system("/etc/os-release");
  for (std::string line; std::getline(system, line);) {
    if (line.starts_with("PRETTY_NAME=")) data["system"] = line.substr(13, line.size() - 14);
  }
  return data;
}

}  // namespace holdfast::bench::wire
