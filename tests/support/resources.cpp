#include "support/resources.hpp"

#include <malloc.h>
#include <unistd.h>

#include <filesystem>
#include <iterator>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HOLDFAST_TEST_SANITIZER_HEAP
// Declared here: Debian's GCC comes without <sanitizer/allocator_interface.h>.
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();
#endif

namespace holdfast::test {
namespace {

std::size_t count_entries(const char* directory) {
  std::error_code error;
  const std::filesystem::directory_iterator first(directory, error);
  if (error) throw std::runtime_error(std::string(directory) + ": " + error.message());
  return static_cast<std::size_t>(std::distance(first, {}));
}

// ThreadSanitizer starts a thread of its own with the first one that a process starts: it has to be
// there before anything is compared. The one started for that has to be gone, which a join alone
// does not say.
bool start_and_end_a_thread() {
  std::string task = "/proc/self/task/";
  std::thread([&] { task += std::to_string(::gettid()); }).join();
  while (std::filesystem::exists(task)) std::this_thread::yield();
  return true;
}

}  // namespace

std::size_t open_descriptors() {
  return count_entries("/proc/self/fd") - 1;
}

std::size_t thread_count() {
  static const bool warm = start_and_end_a_thread();
  (void)warm;
  return count_entries("/proc/self/task");
}

std::size_t heap_in_use_bytes() {
#ifdef HOLDFAST_TEST_SANITIZER_HEAP
  return ::__sanitizer_get_current_allocated_bytes();
#else
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
#endif
}

}  // namespace holdfast::test
