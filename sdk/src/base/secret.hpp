// Bytes that are overwritten before their memory is given back.
//
// Threads: one at a time.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

namespace holdfast {

inline void wipe(std::span<std::uint8_t> bytes) {
  if (!bytes.empty()) ::explicit_bzero(bytes.data(), bytes.size());
}

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::span<const std::uint8_t> bytes) : bytes_(bytes.begin(), bytes.end()) {}
  /// Of this size, to be written through `writable`.
  explicit Secret(std::size_t size) : bytes_(size) {}
  ~Secret() { wipe(bytes_); }
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  Secret& operator=(Secret other) noexcept {
    bytes_.swap(other.bytes_);
    return *this;
  }

  bool empty() const { return bytes_.empty(); }
  std::size_t size() const { return bytes_.size(); }
  std::span<const std::uint8_t> bytes() const { return bytes_; }
  std::span<std::uint8_t> writable() { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
};

}  // namespace holdfast
