#include "sensors.hpp"

#include <sys/statvfs.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <string_view>
#include <utility>

#include "temperatures.hpp"
#include "text.hpp"

namespace board {
namespace {

// A board without a battery for its clock starts in 1970 or at the date of its image, and says so
// for hours. No time is better than a wrong one.
constexpr std::chrono::sys_days kPlausible = std::chrono::year(2024) / 1 / 1;

// user nice system idle iowait irq softirq steal; guest time, which follows, is in user already.
constexpr int kCpuColumns = 8;
constexpr int kIdleColumn = 3;
constexpr int kIowaitColumn = 4;

std::uint64_t wall_time_ms() {
  using namespace std::chrono;
  const auto now = floor<milliseconds>(system_clock::now());
  return now < kPlausible ? 0 : static_cast<std::uint64_t>(now.time_since_epoch().count());
}

/// The nearest value that the narrow type holds: a wrong sensor must not wrap into a plausible one.
template <class Narrow, class Wide>
Narrow saturate(Wide value) {
  constexpr auto kMax = std::numeric_limits<Narrow>::max();
  return value > static_cast<Wide>(kMax) ? kMax : static_cast<Narrow>(value);
}

Usage to_usage(std::uint64_t used, std::uint64_t total) {
  return {saturate<std::uint32_t>(std::min(used, total)), saturate<std::uint32_t>(total)};
}

/// The decimal number at the start of a file, zero or more.
std::optional<double> first_decimal(const std::filesystem::path& file) {
  const auto text = read_text(file);
  if (!text) return std::nullopt;
  std::string_view rest = *text;
  const auto number = to_number<double>(take_word(rest));
  // The upper bound keeps what is computed from it within 64 bits.
  if (!number || !std::isfinite(*number) || *number < 0 || *number > 1e15) return std::nullopt;
  return number;
}

/// Lines as in /proc/meminfo, "Name:  number kB". Others are passed over.
std::map<std::string_view, std::uint64_t> parse_named_numbers(std::string_view text) {
  std::map<std::string_view, std::uint64_t> numbers;
  while (!text.empty()) {
    std::string_view line = take_line(text);
    std::string_view name = take_word(line);
    if (!name.ends_with(':')) continue;
    name.remove_suffix(1);
    if (const auto number = to_number<std::uint64_t>(take_word(line))) numbers[name] = *number;
  }
  return numbers;
}

/// One line of /proc/net/dev: "eth0: rx_bytes (7 more) tx_bytes (7 more)".
std::optional<std::pair<std::string_view, Traffic>> parse_interface(std::string_view line) {
  const std::size_t colon = line.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view name = line.substr(0, colon);
  std::string_view numbers = line.substr(colon + 1);
  const auto rx = to_number<std::uint64_t>(take_word(numbers));
  for (int skipped = 0; skipped < 7; ++skipped) take_word(numbers);
  const auto tx = to_number<std::uint64_t>(take_word(numbers));
  if (!rx || !tx) return std::nullopt;
  return std::pair(take_word(name), Traffic(*rx, *tx));
}

}  // namespace

Sensors::Sensors(std::filesystem::path root)
    : root_(std::move(root)), last_cpu_(read_cpu_times()) {}

BoardReadingT Sensors::read() {
  BoardReadingT reading;
  reading.time_ms = wall_time_ms();
  read_uptime(reading);
  read_cpu(reading);
  read_load(reading);
  read_memory(reading);
  read_network(reading);
  read_disk(reading);
  reading.temperatures = read_temperatures(root_);
  return reading;
}

std::optional<Sensors::CpuTimes> Sensors::read_cpu_times() const {
  const auto text = read_text(root_ / "proc/stat");
  if (!text) return std::nullopt;
  std::string_view rest = *text;
  std::string_view line = take_line(rest);
  if (take_word(line) != "cpu") return std::nullopt;
  CpuTimes times;
  for (int column = 0; column < kCpuColumns; ++column) {
    const std::string_view word = take_word(line);
    if (word.empty() && column > kIdleColumn) break;  // kernels before 2.6.11 have fewer
    const auto ticks = to_number<std::uint64_t>(word);
    if (!ticks) return std::nullopt;
    times.total += *ticks;
    if (column != kIdleColumn && column != kIowaitColumn) times.busy += *ticks;
  }
  return times;
}

void Sensors::read_cpu(BoardReadingT& reading) {
  const auto now = read_cpu_times();
  const auto before = std::exchange(last_cpu_, now);
  // The counters of a processor that is taken offline go back.
  if (!now || !before || now->total <= before->total || now->busy < before->busy) return;
  const std::uint64_t total = now->total - before->total;
  const std::uint64_t busy = std::min(now->busy - before->busy, total);
  const double share = static_cast<double>(busy) / static_cast<double>(total);
  reading.cpu_permille = static_cast<std::uint16_t>(std::lround(share * 1000));
}

void Sensors::read_load(BoardReadingT& reading) const {
  if (const auto load = first_decimal(root_ / "proc/loadavg")) {
    reading.load1_hundredths = saturate<std::uint16_t>(std::llround(*load * 100));
  }
}

void Sensors::read_uptime(BoardReadingT& reading) const {
  if (const auto seconds = first_decimal(root_ / "proc/uptime")) {
    reading.uptime_ms = static_cast<std::uint64_t>(std::llround(*seconds * 1000));
  }
}

void Sensors::read_memory(BoardReadingT& reading) const {
  const auto text = read_text(root_ / "proc/meminfo");
  if (!text) return;
  auto numbers = parse_named_numbers(*text);
  const std::uint64_t total = numbers["MemTotal"];
  const auto available = numbers.find("MemAvailable");
  if (total > 0 && available != numbers.end()) {
    const std::uint64_t used = total - std::min(total, available->second);
    reading.memory_kib = std::make_unique<Usage>(to_usage(used, total));
  }
  const std::uint64_t swap = numbers["SwapTotal"];
  const auto free = numbers.find("SwapFree");
  if (swap > 0 && free != numbers.end()) {
    const std::uint64_t used = swap - std::min(swap, free->second);
    reading.swap_kib = std::make_unique<Usage>(to_usage(used, swap));
  }
}

void Sensors::read_network(BoardReadingT& reading) const {
  const auto text = read_text(root_ / "proc/net/dev");
  if (!text) return;
  std::string_view rest = *text;
  std::optional<Traffic> sum;
  while (!rest.empty()) {
    const auto interface = parse_interface(take_line(rest));
    if (!interface || interface->first == "lo") continue;
    const Traffic& one = interface->second;
    const Traffic before = sum.value_or(Traffic(0, 0));
    sum = Traffic(before.rx_bytes() + one.rx_bytes(), before.tx_bytes() + one.tx_bytes());
  }
  if (sum) reading.network = std::make_unique<Traffic>(*sum);
}

void Sensors::read_disk(BoardReadingT& reading) const {
  struct statvfs disk = {};
  if (::statvfs(root_.c_str(), &disk) != 0 || disk.f_blocks == 0) return;
  // In double, because the product of the two passes 64 bits on some network file systems.
  const auto to_mib = [&disk](fsblkcnt_t blocks) {
    const double bytes = static_cast<double>(blocks) * static_cast<double>(disk.f_frsize);
    return static_cast<std::uint64_t>(bytes / (1024.0 * 1024.0));
  };
  const fsblkcnt_t used = disk.f_blocks - std::min(disk.f_blocks, disk.f_bfree);
  reading.disk_mib = std::make_unique<Usage>(to_usage(to_mib(used), to_mib(disk.f_blocks)));
}

}  // namespace board
