#pragma once

#include <cstddef>

namespace holdfast::test {

// What this process holds at the moment, to prove that nothing leaks. The two
// counts come from /proc/self; throw std::runtime_error without /proc.

// open_descriptors does not count the one it needs itself for looking.
std::size_t open_descriptors();

// thread_count follows the kernel: a joined std::thread may be seen for some
// microseconds more, so compare by eventually().
std::size_t thread_count();

// heap_in_use_bytes is what malloc has given out in all arenas, mapped blocks
// included (mallinfo2); under a sanitizer of GCC, what its own allocator says.
std::size_t heap_in_use_bytes();

}  // namespace holdfast::test
