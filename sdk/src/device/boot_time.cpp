#include "device/boot_time.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <ctime>

#include "base/descriptor.hpp"

namespace holdfast::device {
namespace {

int digit_of(char character) {
  if (character >= '0' && character <= '9') return character - '0';
  if (character >= 'a' && character <= 'f') return character - 'a' + 10;
  return -1;
}

// Where nobody tells: time across a restart of the process is then measured by the wall clock or
// not at all.
resumption::BootId read_boot_id() {
  char text[40] = {};
  const Descriptor file(::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
  const ssize_t size = ::read(file.get(), text, sizeof text);
  resumption::BootId id;
  int digits = 0;
  for (ssize_t i = 0; i < size; ++i) {
    const int digit = digit_of(text[i]);
    if (digit < 0) continue;
    std::uint64_t& half = digits++ < 16 ? id.high : id.low;
    half = half << 4 | static_cast<unsigned>(digit);
  }
  return digits == 32 ? id : resumption::BootId();
}

std::uint64_t number_of_boot(Environment& environment) {
  const resumption::BootId id = environment.boot();
  std::uint64_t number = id.high ^ id.low;
  while (number == 0) number = environment.draw();
  return number;
}

}  // namespace

resumption::BootId this_boot() {
  static const resumption::BootId boot = read_boot_id();
  return boot;
}

std::chrono::milliseconds time_since_boot() {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::milliseconds(time.tv_nsec / 1'000'000);
}

BootTime::BootTime(Environment& environment)
    : environment_(environment), boot_(number_of_boot(environment)) {}

void BootTime::it_is(std::uint64_t wall_ms) {
  began_ms_ = static_cast<std::int64_t>(wall_ms) - environment_.since_boot().count();
}

std::optional<std::int64_t> BootTime::began_ms() const {
  const std::int64_t began = began_ms_;
  if (began == kUnknown) return std::nullopt;
  return began;
}

SeriesTime BootTime::now() const {
  const std::int64_t since = environment_.since_boot().count();
  if (const auto began = began_ms()) return {*began + since, 0};
  return {since, boot_};
}

}  // namespace holdfast::device
