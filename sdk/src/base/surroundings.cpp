#include "base/surroundings.hpp"

#include <random>

namespace holdfast {
namespace {

class SystemSurroundings final : public Surroundings {
 public:
  Instant now() const override { return std::chrono::steady_clock::now(); }
  std::uint64_t draw() override {
    std::random_device source;
    return (static_cast<std::uint64_t>(source()) << 32) | source();
  }
};

}  // namespace

Surroundings& system_surroundings() {
  static SystemSurroundings surroundings;
  return surroundings;
}

}  // namespace holdfast
