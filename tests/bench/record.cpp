#include "bench/record.hpp"

#include <MQTTAsync.h>
#include <mosquitto.h>
#include <sys/utsname.h>

#include <chrono>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <thread>

#include <holdfast/version.hpp>

#include "support/process.hpp"

namespace holdfast::bench {
namespace {

using nlohmann::ordered_json;

// What follows `name` in the first line of a file that has it.
std::string value_in(const std::string& file, const std::string& name) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const auto at = line.find(name);
    if (at == std::string::npos) continue;
    const auto value = line.find_first_not_of(" \t:=\"", at + name.size());
    if (value == std::string::npos) return {};
    return line.substr(value, line.find_last_not_of('"') + 1 - value);
  }
  return "unknown";
}

std::string first_line_of(const std::vector<std::string>& command) {
  const auto result = test::run(command, std::chrono::seconds(10));
  return result.output.substr(0, result.output.find('\n'));
}

std::string broker_version() {
  const bool at_sbin = std::filesystem::exists("/usr/sbin/mosquitto");
  return first_line_of({at_sbin ? "/usr/sbin/mosquitto" : "mosquitto", "-h"});
}

ordered_json machine() {
  utsname system{};
  ::uname(&system);
  std::string load;
  std::getline(std::ifstream("/proc/loadavg"), load);
  return {{"processor", value_in("/proc/cpuinfo", "model name")},
          {"cores", std::thread::hardware_concurrency()},
          {"memory", value_in("/proc/meminfo", "MemTotal")},
          {"system", value_in("/etc/os-release", "PRETTY_NAME")},
          {"kernel", system.release},
          {"load_before", load}};
}

ordered_json versions() {
  int major = 0;
  int minor = 0;
  int revision = 0;
  mosquitto_lib_version(&major, &minor, &revision);
  return {{"holdfast", std::string(holdfast::version())},
          {"compiler", __VERSION__},
          {"paho", HOLDFAST_PAHO_VERSION},
          {"paho_c", MQTTAsync_getVersionInfo()[1].value},
          {"libmosquitto",
           std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(revision)},
          {"broker", broker_version()},
          {"openssl", first_line_of({"openssl", "version"})}};
}

std::string today() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  (void)std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

// Four digits are more than any of these figures is good for.
double rounded(double value) {
  if (value == 0 || !std::isfinite(value)) return value;
  const double scale = std::pow(10, 3 - std::floor(std::log10(std::abs(value))));
  return scale < 1 ? std::round(value) : std::round(value * scale) / scale;
}

}  // namespace

Record::Record(const std::string& benchmark, int argc, char** argv) {
  std::string command = std::filesystem::path(argv[0]).filename().string();
  for (int i = 1; i < argc; ++i) {
    // Where this machine keeps its files is nobody's business.
    const bool is_path = std::string(argv[i]).starts_with("/");
    command +=
        " " + (is_path ? std::filesystem::path(argv[i]).filename().string() : std::string(argv[i]));
  }
  document_ = {{"benchmark", benchmark}, {"command", command},
               {"began", today()},       {"machine", machine()},
               {"versions", versions()}, {"results", ordered_json::array()}};
}

void Record::add(const std::vector<std::pair<std::string, std::string>>& what,
                 const std::vector<std::string>& names,
                 const std::vector<std::vector<double>>& runs) {
  ordered_json row;
  for (const auto& [name, value] : what) row[name] = value;
  const auto middle = medians(runs);
  for (std::size_t i = 0; i < names.size(); ++i) {
    ordered_json values = ordered_json::array();
    for (const auto& run : runs) values.push_back(rounded(run[i]));
    row["figures"][names[i]] = {{"median", rounded(middle[i])}, {"runs", values}};
  }
  document_["results"].push_back(std::move(row));
}

void Record::write(const std::string& file) const {
  if (file.empty()) return;
  std::ofstream out(file);
  out << document_.dump(1) << "\n";
  if (!out.flush()) give_up(file + " cannot be written");
}

}  // namespace holdfast::bench
