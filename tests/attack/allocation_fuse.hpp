// Memory that runs out at a chosen moment, on one thread: a program that is linked with this has
// operator new and wolfSSL's allocator replaced.

#pragma once

#include <cstddef>

namespace holdfast::test {

enum class Allocator { operator_new, wolfssl };
enum class Strikes { once, from_then_on };

// While an AllocationFuse lives, the nth allocation of its thread by this allocator
// fails (the first is 1). One at a time a thread. Nothing of a test's own that
// allocates (an EXPECT, say) belongs into its life.
class AllocationFuse {
 public:
  AllocationFuse(Allocator allocator, std::size_t nth, Strikes strikes);
  ~AllocationFuse();
  AllocationFuse(const AllocationFuse&) = delete;
  AllocationFuse& operator=(const AllocationFuse&) = delete;

  // Allocations up to now, those that failed included.
  std::size_t count() const;
  bool struck() const;
};

}  // namespace holdfast::test
