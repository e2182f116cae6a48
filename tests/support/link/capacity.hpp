#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

namespace holdfast::test::link {

using Instant = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

// What a recorded link could carry in every 100 ms, each way. When it is over it
// begins again.
struct Drive {
  static constexpr std::chrono::milliseconds kStep{100};

  std::vector<std::uint32_t> up_bytes;
  std::vector<std::uint32_t> down_bytes;

  // Reads a file of tests/data/links (its README has the form). Throws
  // std::runtime_error with the line that is wrong.
  static Drive read(const std::filesystem::path& file);
};

// Capacity tells when a link has carried some bytes: at once, at a constant rate,
// or as recorded. Pure.
class Capacity {
 public:
  Capacity() = default;
  static Capacity of_rate(std::uint64_t bits_per_second);
  // `steps` are bytes a Drive::kStep, the first of them from `began` on; at least
  // one must carry something.
  static Capacity recorded(std::vector<std::uint32_t> steps, Instant began);

  // When `bytes` have been carried by a link that begins with them at `start`.
  Instant finish(Instant start, double bytes) const;
  // What it carries between the two.
  double between(Instant start, Instant end) const;
  bool unlimited() const { return bytes_per_second_ == 0 && steps_ == nullptr; }

 private:
  double step(std::int64_t number) const;

  double bytes_per_second_ = 0;
  std::shared_ptr<const std::vector<std::uint32_t>> steps_;
  Instant began_{};
};

}  // namespace holdfast::test::link
