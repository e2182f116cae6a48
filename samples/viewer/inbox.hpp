// Inbox: hands what the device's handler thread receives to the main thread, which waits for it
// with poll(2) together with everything else.

#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include "common/descriptor.hpp"

namespace view {

/// Threads: any. Bounded by the device, which calls handlers one at a time, and by the main thread,
/// which takes everything at each turn.
template <class Item>
class Inbox {
 public:
  Inbox() : wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (!wake_) throw std::system_error(errno, std::generic_category(), "eventfd");
  }

  void put(Item item) {
    {
      const std::lock_guard lock(mutex_);
      items_.push_back(std::move(item));
    }
    const std::uint64_t one = 1;
    // It can only fail when it is about to wake the reader anyway.
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof(one));
  }

  std::vector<Item> take() {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto read = ::read(wake_.get(), &count, sizeof(count));
    const std::lock_guard lock(mutex_);
    return std::exchange(items_, {});
  }

  /// Readable while something is in it.
  int get() const { return wake_.get(); }

 private:
  sample::Descriptor wake_;
  std::mutex mutex_;
  std::vector<Item> items_;
};

}  // namespace view
