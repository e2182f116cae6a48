// What does it cost to send a reading every 30 s for a month, in bytes of IP? Holdfast beside
// HTTPS, HTTP, CoAP over DTLS, libmosquitto and Paho C++, each with its own server from Debian's
// packages, on a line between two network namespaces that counts every packet at the device's side.
//
//   holdfast_bench_wire [--links clean,delay,3g,drives] [--rows REGEX] [--readings N] [--runs N]
//                       [--tariff 2/MB] [--pause SECONDS] [--data FILE.json]
//
// One command, as root or where user namespaces are allowed; otherwise it says what it lacks and
// ends with 77. Prints Markdown. --pause waits after each reading (30: the story at its own pace).
//
// The clock is compressed: the next reading goes when the line has been silent for so long that
// nothing of the last one can come any more, not even a delayed acknowledgement, and that TCP takes
// it for a pause. So a reading costs what it costs with 30 s between them; what goes by time
// (pings) is measured apart. economics/month.hpp has the formula from there to a month.

#include <algorithm>
#include <chrono>
#include <ctime>
#include <fstream>
#include <iostream>
#include <map>
#include <regex>
#include <sstream>

#include <nlohmann/json.hpp>

#include "bench/harness.hpp"
#include "bench/wire/report.hpp"
#include "bench/wire/stage.hpp"

namespace holdfast::bench::wire {
namespace {

constexpr int kSkipped = 77;  // as automake and ctest have it
// Whoever wants fewer readings is in a hurry, and pings take 25 s a row.
constexpr std::size_t kFewestForPings = 10;

struct Settings {
  std::vector<std::string> lines;
  std::string rows;
  std::size_t readings = 0;
  std::size_t runs = 0;
  std::chrono::milliseconds pause{0};
  Tariff tariff;
  std::string data;
};

Settings settings_from(const Arguments& arguments) {
  Settings settings;
  std::istringstream names(arguments.text("links", "clean,delay,3g,drives"));
  for (std::string name; std::getline(names, name, ',');) {
    if (name == "drives") {
      settings.lines.insert(settings.lines.end(), {"drive1", "drive2"});
    } else {
      settings.lines.push_back(name);
    }
  }
  settings.rows = arguments.text("rows");
  settings.readings = arguments.number("readings", 20);
  settings.runs = arguments.number("runs", 3);
  settings.pause = std::chrono::seconds(arguments.number("pause", 0));
  settings.tariff = parse_tariff(arguments.text("tariff"));
  settings.data = arguments.text("data");
  return settings;
}

// A list of its own says it all; without one, lines that lose packets get the rows that matter
// there.
bool is_wanted(const Row& row, const std::string& line, const Settings& settings) {
  if (settings.rows.empty()) return row.on_lossy_lines || !loses_packets(line);
  return std::regex_search(row.key, std::regex(settings.rows));
}

class Comparison {
 public:
  explicit Comparison(Settings settings) : settings_(std::move(settings)) {
    const bool web = std::any_of(rows_.begin(), rows_.end(), [&](const Row& row) {
      return row.key.starts_with("http") && is_wanted(row, "clean", settings_);
    });
    keys_ = make_keys(web);
  }

  LineResult run(const std::string& name) {
    LineResult result{.name = name, .description = description_of(name)};
    const auto line = make_line(name, result.skipped);
    if (line == nullptr) return result;
    const Servers servers(*line, *keys_);
    const SampleSettings sample{settings_.readings, settings_.runs, loses_packets(name),
                                settings_.pause};
    for (const Row& row : rows_) {
      if (!is_wanted(row, name, settings_)) continue;
      if (!row.lacks.empty()) {
        result.left_out.emplace_back(row.name + ", " + row.carries, row.lacks);
        continue;
      }
      std::cerr << name << ": " << row.key << "\n";
      RowResult one{.row = row, .measured = measure(row, servers.stage(), *line, sample)};
      // On the first line that it is on: a lost packet would be taken for a ping's.
      if (settings_.readings >= kFewestForPings && !pings_.contains(row.key)) {
        pings_[row.key] = measure_pings(row, servers.stage(), *line, one.measured);
      }
      one.pings = pings_[row.key];
      one.hourly = month_of(row, one.measured, one.pings, 24, lookup_bytes_);
      one.daily = month_of(row, one.measured, one.pings, 1, lookup_bytes_);
      result.rows.push_back(std::move(one));
    }
    return result;
  }

  double lookup_bytes() const { return lookup_bytes_; }

 private:
  Settings settings_;
  std::vector<Row> rows_ = all_rows();
  std::unique_ptr<Keys> keys_;
  double lookup_bytes_ = measure_lookup();
  std::map<std::string, Pings> pings_;
};

std::string now_as_text() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

int run(const Settings& settings, const std::string& command) {
  if (const std::string lacks = enter_namespaces(); !lacks.empty()) {
    std::cerr << "This benchmark cannot run here: " << lacks << "\n";
    return kSkipped;
  }
  Comparison comparison(settings);
  nlohmann::json data{{"command", command},
                      {"date", now_as_text()},
                      {"versions", versions()},
                      {"machine", machine()},
                      {"readings", settings.readings},
                      {"runs_on_lossy_lines", settings.runs},
                      {"lookup_bytes", comparison.lookup_bytes()},
                      {"tariff", settings.tariff.text},
                      {"lines", nlohmann::json::array()}};
  std::printf("One look-up of the name: %.0f bytes.\n\n", comparison.lookup_bytes());
  bool any = false;
  for (const std::string& name : settings.lines) {
    const LineResult line = comparison.run(name);
    any = any || !line.rows.empty();
    print(line, settings.tariff);
    data["lines"].push_back(as_data(line, settings.tariff));
    if (settings.data.empty()) continue;
    std::ofstream out(settings.data);  // after each line: the last one takes long
    out << data.dump(1) << "\n";
    if (!out.flush()) give_up("cannot write " + settings.data);
  }
  if (!any) give_up("nothing was measured; no row has a key like --rows " + settings.rows);
  return 0;
}

}  // namespace
}  // namespace holdfast::bench::wire

int main(int argc, char** argv) {
  using namespace holdfast::bench;
  const Arguments arguments(argc, argv,
                            {"links", "rows", "readings", "runs", "tariff", "pause", "data"});
  std::string command = "holdfast_bench_wire";
  for (int i = 1; i < argc; ++i) command += std::string(" ") + argv[i];
  try {
    return wire::run(wire::settings_from(arguments), command);
  } catch (const std::exception& error) {
    give_up(error.what());
  }
}
