#include "rows.hpp"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <ctime>
#include <utility>

namespace view {
namespace {

[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...) {
  std::array<char, 160> text{};
  std::va_list values;
  va_start(values, pattern);
  std::vsnprintf(text.data(), text.size(), pattern, values);
  va_end(values);
  return text.data();
}

std::string time_of(const board::BoardReadingT& reading) {
  if (reading.time_ms == 0) {
    return format("+%.2f s", static_cast<double>(reading.uptime_ms) / 1000);
  }
  const auto seconds = static_cast<std::time_t>(reading.time_ms / 1000);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return format("%02d:%02d:%02d.%03u", local.tm_hour, local.tm_min, local.tm_sec,
                static_cast<unsigned>(reading.time_ms % 1000));
}

std::string cpu_of(const board::BoardReadingT& reading) {
  if (!reading.cpu_permille) return "-";
  return format("%.1f", *reading.cpu_permille / 10.0);
}

std::string memory_of(const board::BoardReadingT& reading) {
  if (!reading.memory_kib) return "-";
  const board::Usage& memory = *reading.memory_kib;
  return format("%u / %u", memory.used() / 1024, memory.total() / 1024);
}

std::string hottest_of(const board::BoardReadingT& reading) {
  const auto hottest = std::max_element(
      reading.temperatures.begin(), reading.temperatures.end(),
      [](const auto& a, const auto& b) { return a.milli_celsius() < b.milli_celsius(); });
  if (hottest == reading.temperatures.end()) return "-";
  return board::name_of(*hottest) + format(" %.1f", hottest->milli_celsius() / 1000.0);
}

std::string disk_of(const board::BoardReadingT& reading) {
  if (!reading.disk_mib) return "-";
  const board::Usage& disk = *reading.disk_mib;
  return format("%.1f / %.1f", disk.used() / 1024.0, disk.total() / 1024.0);
}

std::string line(const std::string& time, const std::string& cpu, const std::string& memory,
                 const std::string& hottest, const std::string& rx, const std::string& tx,
                 const std::string& disk) {
  return format("%-12s %6s %15s %18s %9s %9s %15s", time.c_str(), cpu.c_str(), memory.c_str(),
                hottest.c_str(), rx.c_str(), tx.c_str(), disk.c_str());
}

}  // namespace

std::string Rows::header() {
  return line("time", "cpu %", "memory MiB", "hottest C", "rx kB/s", "tx kB/s", "disk GiB");
}

std::string Rows::row(const board::BoardReadingT& reading) {
  const auto now = rates(reading);
  const std::string rx = now ? format("%.1f", now->rx_bytes_per_s / 1000) : "-";
  const std::string tx = now ? format("%.1f", now->tx_bytes_per_s / 1000) : "-";
  return line(time_of(reading), cpu_of(reading), memory_of(reading), hottest_of(reading), rx, tx,
              disk_of(reading));
}

std::optional<Rows::Rates> Rows::rates(const board::BoardReadingT& reading) {
  const std::uint64_t before_ms = std::exchange(last_uptime_ms_, reading.uptime_ms);
  const auto before = last_traffic_;
  last_traffic_.reset();
  if (!reading.network) return std::nullopt;
  const board::Traffic now = *reading.network;
  last_traffic_ = now;
  // Counters go back when an interface vanishes; time goes back when readings arrive out of order.
  if (!before || reading.uptime_ms <= before_ms || now.rx_bytes() < before->rx_bytes() ||
      now.tx_bytes() < before->tx_bytes()) {
    return std::nullopt;
  }
  const double seconds = static_cast<double>(reading.uptime_ms - before_ms) / 1000;
  return Rates{static_cast<double>(now.rx_bytes() - before->rx_bytes()) / seconds,
               static_cast<double>(now.tx_bytes() - before->tx_bytes()) / seconds};
}

}  // namespace view
