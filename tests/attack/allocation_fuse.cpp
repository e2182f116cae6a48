#include "attack/allocation_fuse.hpp"

// options.h first: it holds the settings that the installed wolfSSL was built with.
#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/memory.h>

#include <cstdlib>
#include <new>
#include <stdexcept>

namespace {

using holdfast::test::Allocator;
using holdfast::test::Strikes;

struct Fuse {
  bool armed = false;
  Allocator allocator = Allocator::operator_new;
  Strikes strikes = Strikes::once;
  std::size_t nth = 0;
  std::size_t count = 0;
};

thread_local Fuse fuse;

bool fails(Allocator allocator) {
  if (!fuse.armed || fuse.allocator != allocator) return false;
  ++fuse.count;
  return fuse.count == fuse.nth || (fuse.count > fuse.nth && fuse.strikes == Strikes::from_then_on);
}

void* allocate(std::size_t size) {
  void* memory = fails(Allocator::operator_new) ? nullptr : std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void* wolfssl_malloc(std::size_t size) {
  return fails(Allocator::wolfssl) ? nullptr : std::malloc(size);
}

void wolfssl_free(void* memory) {
  std::free(memory);
}

void* wolfssl_realloc(void* memory, std::size_t size) {
  return fails(Allocator::wolfssl) ? nullptr : std::realloc(memory, size);
}

}  // namespace

// The array and nothrow forms of the standard library end here as well; a sanitizer's do not, and
// so they are replaced, too.
void* operator new(std::size_t size) {
  return allocate(size);
}
void* operator new[](std::size_t size) {
  return allocate(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace holdfast::test {

AllocationFuse::AllocationFuse(Allocator allocator, std::size_t nth, Strikes strikes) {
  // wolfSSL's default is malloc as well: what was allocated before may be freed by ours.
  static const int kSet = wolfSSL_SetAllocators(wolfssl_malloc, wolfssl_free, wolfssl_realloc);
  if (kSet != 0) throw std::runtime_error("wolfSSL does not take an allocator");
  fuse = {.armed = true, .allocator = allocator, .strikes = strikes, .nth = nth, .count = 0};
}

AllocationFuse::~AllocationFuse() {
  fuse.armed = false;
}

std::size_t AllocationFuse::count() const {
  return fuse.count;
}

bool AllocationFuse::struck() const {
  return fuse.count >= fuse.nth;
}

}  // namespace holdfast::test
