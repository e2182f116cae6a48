#include "bench/own_process.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "bench/harness.hpp"

namespace holdfast::bench {
namespace {

double field_of(const std::filesystem::path& file, std::string_view field) {
  std::ifstream status(file);
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field)) return std::stod(line.substr(field.size()));
  }
  give_up(file.string() + " has no " + std::string(field));
}

}  // namespace

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double resident_mib() {
  return field_of("/proc/self/status", "VmRSS:") / 1024;
}

double most_resident_mib() {
  return field_of("/proc/self/status", "VmHWM:") / 1024;
}

double kernel_written_bytes() {
  return field_of("/proc/self/io", "write_bytes:");
}

OtherThreads other_threads() {
  OtherThreads others;
  const std::string own = std::to_string(::gettid());
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    if (thread.path().filename() == own) continue;
    ++others.count;
    others.wake_ups +=
        static_cast<std::uint64_t>(field_of(thread.path() / "status", "voluntary_ctxt_switches:"));
  }
  return others;
}

}  // namespace holdfast::bench
