#include "common/descriptor.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <iterator>
#include <system_error>

namespace sample {
namespace {

constexpr int kEndSignals[] = {SIGINT, SIGTERM, SIGHUP};

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

timespec to_timespec(std::chrono::milliseconds time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
  timespec result{};
  result.tv_sec = seconds.count();
  result.tv_nsec = std::chrono::nanoseconds(time - seconds).count();
  return result;
}

Descriptor make_signal_descriptor(std::vector<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  signals.insert(signals.end(), std::begin(kEndSignals), std::end(kEndSignals));
  for (const int signal_number : signals) {
    // A shell starts its background jobs with SIGINT ignored; whoever sends it to us means it.
    ::signal(signal_number, SIG_DFL);
    sigaddset(&set, signal_number);
  }
  if (const int error = pthread_sigmask(SIG_BLOCK, &set, nullptr); error != 0) {
    errno = error;
    fail("pthread_sigmask");
  }
  Descriptor fd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!fd) fail("signalfd");
  return fd;
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void Descriptor::reset() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Timer::Timer() : fd_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
  if (!fd_) fail("timerfd_create");
}

void Timer::every(std::chrono::milliseconds period) {
  set(period, period);
}

void Timer::after(std::chrono::milliseconds wait) {
  set(wait, std::chrono::milliseconds(0));
}

bool Timer::fired() {
  std::uint64_t times = 0;
  return ::read(fd_.get(), &times, sizeof(times)) == static_cast<ssize_t>(sizeof(times));
}

void Timer::set(std::chrono::milliseconds first, std::chrono::milliseconds period) {
  itimerspec spec{};
  spec.it_value = to_timespec(first);
  spec.it_interval = to_timespec(period);
  // All zero would disarm it; what was meant is "now".
  if (first.count() <= 0) spec.it_value = {.tv_sec = 0, .tv_nsec = 1};
  if (::timerfd_settime(fd_.get(), 0, &spec, nullptr) != 0) fail("timerfd_settime");
}

EndSignals::EndSignals(std::initializer_list<int> others) : fd_(make_signal_descriptor(others)) {}

int EndSignals::take() {
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof(info)) != static_cast<ssize_t>(sizeof(info))) return 0;
  return static_cast<int>(info.ssi_signo);
}

void wait_readable(std::initializer_list<int> descriptors) {
  std::vector<pollfd> polled;
  for (const int fd : descriptors) polled.push_back({.fd = fd, .events = POLLIN, .revents = 0});
  if (::poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) fail("poll");
}

}  // namespace sample
