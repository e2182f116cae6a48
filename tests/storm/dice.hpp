// The luck of a storm. The same seed gives the same plan; the instants are the machine's.

#pragma once

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

namespace holdfast::test {

class Dice {
 public:
  static constexpr const char* kVariable = "HOLDFAST_STORM_SEED";

  /// Takes the seed from the environment, or draws one; says which.
  Dice() {
    const char* given = std::getenv(kVariable);
    seed_ = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
    engine_.seed(seed_);
    std::cout << "seed: " << kVariable << "=" << seed_ << std::endl;
  }

  std::uint64_t between(std::uint64_t least, std::uint64_t most) {
    return std::uniform_int_distribution<std::uint64_t>(least, most)(engine_);
  }
  bool chance(unsigned percent) { return between(1, 100) <= percent; }

  /// Burns some microseconds to some milliseconds, so that what comes next hits any instant of what
  /// goes on elsewhere.
  void spin() { spin(std::chrono::microseconds(between(0, std::uint64_t{1} << between(3, 13)))); }
  static void spin(std::chrono::microseconds time) {
    const auto until = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < until) {
    }
  }

 private:
  std::uint64_t seed_ = 0;
  std::mt19937_64 engine_;
};

}  // namespace holdfast::test
