#include "storm/device_process.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "outbox/store.hpp"
#include "storm/streams.hpp"
#include "storm/verdict.hpp"

namespace holdfast::test {
namespace {

using namespace std::chrono_literals;

constexpr auto kDrainBound = 240s;

std::vector<std::string> command(const char* what, const StormPlace& place, std::uint64_t first) {
  std::vector<std::string> words{HOLDFAST_TEST_STORM_DEVICE, what,
                                 "mqtts://127.0.0.1:" + std::to_string(place.port),
                                 place.state_dir.string(), std::to_string(first)};
  words.insert(words.end(), place.pins.begin(), place.pins.end());
  return words;
}

Said parse(const std::string& output) {
  Said said;
  for (std::size_t at = 0, end = 0; (end = output.find('\n', at)) != std::string::npos;
       at = end + 1) {
    const std::string line = output.substr(at, end - at);
    const std::string what = line.substr(0, line.find(' '));
    if (what == "stored") {
      said.stored.insert(std::stoull(line.substr(what.size())));
    } else if (what == "done") {
      said.done.insert(std::stoull(line.substr(what.size())));
    } else if (what != "unstored" && what != "replaced" && what != "delivered" && what != "up" &&
               what != "down" && what != "full") {
      said.troubles.push_back(line);
    }
  }
  return said;
}

}  // namespace

DeviceProcess::DeviceProcess(const StormPlace& place, std::uint64_t life)
    : process_(command("publish", place, life * kNumbersPerLife),
               {.input = ProcessOptions::Input::kKeptOpen}) {}

std::size_t DeviceProcess::count(std::string_view beginning) const {
  std::size_t lines = 0;
  process_.wait_for_line(
      [&](const std::string& line) {
        if (line.starts_with(beginning)) ++lines;
        return false;
      },
      0ms);
  return lines;
}

bool DeviceProcess::wait_for(std::string_view beginning, std::size_t count) const {
  if (count == 0) return true;
  std::size_t lines = 0;
  return process_
      .wait_for_line(
          [&](const std::string& line) { return line.starts_with(beginning) && ++lines == count; },
          kStormBound)
      .has_value();
}

bool DeviceProcess::wait_for_stored_or_full(std::size_t more) const {
  const std::size_t receipts = stored() + more;
  const std::size_t full = count("full");
  std::size_t receipts_seen = 0;
  std::size_t full_seen = 0;
  const auto is_enough = [&](const std::string& line) {
    if (line.starts_with("stored ")) ++receipts_seen;
    if (line == "full") ++full_seen;
    return receipts_seen >= receipts || full_seen > full;
  };
  return process_.wait_for_line(is_enough, kStormBound).has_value();
}

bool DeviceProcess::wait_for_down() const {
  return wait_for("down", count("up"));
}

std::uint64_t DeviceProcess::delivered() {
  process_.write_input("?\n");
  const auto line = process_.wait_for_line("delivered ", kStormBound);
  return line ? std::stoull(line->substr(line->find(' '))) : 0;
}

Said DeviceProcess::kill() {
  process_.kill();
  return parse(process_.output());
}

std::string DeviceProcess::tale() const {
  constexpr std::size_t kLast = 1'000;
  const auto status = process_.wait_exit(0ms);
  const std::string output = process_.output();
  return (status ? "it ended with " + std::to_string(*status) : "it runs") + " after\n" +
         output.substr(output.size() - std::min(output.size(), kLast));
}

std::string drain_storm(const StormPlace& place) {
  const RunResult result = run(command("drain", place, 0), kDrainBound);
  if (result.status == 0) return {};
  return "exit " + std::to_string(result.status) + ": " + result.output;
}

StormFile read_storm_file(const std::filesystem::path& state_dir) {
  StormFile file;
  Failure failure;
  const auto store = outbox::Store::open({.directory = state_dir}, file.trouble, failure);
  if (!store) {
    file.trouble = failure.detail;
    return file;
  }
  constexpr std::size_t kRows = 1'000;
  constexpr std::size_t kBytes = std::size_t{1024} * 1024;
  std::optional<outbox::Place> from;
  for (auto rows = store->read(from, kRows, kBytes); !rows.empty();
       rows = store->read(from, kRows, kBytes)) {
    file.rows += rows.size();
    from = rows.back().place.after();
    for (const outbox::Row& row : rows) {
      const auto numbers = numbers_in(row.topic, row.payload);
      file.numbers.insert(numbers.begin(), numbers.end());
    }
  }
  file.dead = store->dead(kRows).size();
  file.trouble += store->failure_of_reading().detail;
  return file;
}

}  // namespace holdfast::test
