// What a small program needs to wait for several things at once with poll(2): a descriptor that
// closes itself, a timer and the signals that ask it to end, each as a descriptor.
//
// Threads: one object, one thread at a time.

#pragma once

#include <chrono>
#include <initializer_list>
#include <utility>
#include <vector>

namespace sample {

/// A file descriptor with one owner.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void reset();

 private:
  int fd_ = -1;
};

/// A timer that is readable once it has fired. Not set at first; it counts while nothing else does,
/// whatever happens to the wall clock. Throws std::system_error where the kernel has none left.
class Timer {
 public:
  Timer();

  /// Fires after `period`, and then again after each `period`. `period` is above zero.
  void every(std::chrono::milliseconds period);
  /// Fires once; at once if `wait` is zero.
  void after(std::chrono::milliseconds wait);

  int get() const { return fd_.get(); }
  /// Whether it has fired since the last call.
  bool fired();

 private:
  void set(std::chrono::milliseconds first, std::chrono::milliseconds period);

  Descriptor fd_;
};

/// SIGINT, SIGTERM and SIGHUP as a descriptor, and others that a program ends by. Make it first
/// thing in main: threads inherit the signal mask, and a signal must not find one that does not
/// know about it.
class EndSignals {
 public:
  explicit EndSignals(std::initializer_list<int> others = {});

  int get() const { return fd_.get(); }
  /// The number of the signal that came since the last call, or 0.
  int take();

 private:
  Descriptor fd_;
};

/// Waits until one of the descriptors is readable or at its end. Those below zero are left out.
void wait_readable(std::initializer_list<int> descriptors);

}  // namespace sample
