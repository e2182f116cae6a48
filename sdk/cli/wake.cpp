#include "wake.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <system_error>

namespace holdfast::cli {
namespace {

int milliseconds_until(std::optional<std::chrono::steady_clock::time_point> deadline) {
  if (!deadline) return -1;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(*deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
}

}  // namespace

Wake::Wake() : event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGINT);
  ::sigaddset(&set, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal_ = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  if (event_ < 0 || signal_ < 0) {
    throw std::system_error(errno, std::generic_category(), "no descriptor is left");
  }
}

Wake::~Wake() {
  ::close(event_);
  ::close(signal_);
}

void Wake::notify() noexcept {
  const std::uint64_t one = 1;
  // It fails only when there are more notes than anybody counts: then it is awake anyway.
  [[maybe_unused]] const auto written = ::write(event_, &one, sizeof one);
}

Wake::Reasons Wake::wait(std::optional<std::chrono::steady_clock::time_point> deadline,
                         int input_fd, int output_fd) {
  // poll passes over a negative descriptor.
  std::array<pollfd, 4> waiting{pollfd{event_, POLLIN, 0}, pollfd{signal_, POLLIN, 0},
                                pollfd{input_fd, POLLIN, 0}, pollfd{output_fd, 0, 0}};
  if (!interrupted_) ::poll(waiting.data(), waiting.size(), milliseconds_until(deadline));
  std::uint64_t notes = 0;
  [[maybe_unused]] const auto read = ::read(event_, &notes, sizeof notes);
  interrupted_ = interrupted_ || waiting[1].revents != 0;
  return {.interrupted = interrupted_,
          .timed_out = deadline && std::chrono::steady_clock::now() >= *deadline,
          .input = waiting[2].revents != 0,
          .reader_gone = (waiting[3].revents & POLLERR) != 0};
}

}  // namespace holdfast::cli
