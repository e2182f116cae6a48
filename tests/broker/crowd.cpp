#include "crowd.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "channel/tls_context.hpp"

namespace holdfast::broker_test {

void run_crowd(unsigned count, unsigned threads, const std::function<void(unsigned)>& action) {
  std::atomic<unsigned> next{0};
  std::mutex mutex;
  std::exception_ptr first;
  const auto work = [&] {
    for (unsigned i = next++; i < count; i = next++) {
      try {
        action(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!first) first = std::current_exception();
        next = count;  // the others end as well
      }
    }
    channel::free_thread_caches();
  };
  std::vector<std::thread> crowd;
  for (unsigned i = 0; i < std::min(count, threads); ++i) crowd.emplace_back(work);
  for (std::thread& one : crowd) one.join();
  if (first) std::rethrow_exception(first);
}

}  // namespace holdfast::broker_test
