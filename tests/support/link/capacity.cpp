#include "support/link/capacity.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>

namespace holdfast::test::link {
namespace {

using Seconds = std::chrono::duration<double>;

Duration to_duration(double seconds) {
  return std::chrono::duration_cast<Duration>(Seconds(seconds));
}

}  // namespace

Drive Drive::read(const std::filesystem::path& file) {
  std::ifstream input(file);
  std::string line;
  if (!std::getline(input, line) || line != "ms,up_bytes,down_bytes") {
    throw std::runtime_error(file.string() + " is no recorded link: its first line is \"" + line +
                             "\"");
  }
  Drive drive;
  while (std::getline(input, line)) {
    unsigned milliseconds = 0;
    unsigned up = 0;
    unsigned down = 0;
    const bool whole = std::sscanf(line.c_str(), "%u,%u,%u", &milliseconds, &up, &down) == 3;
    if (!whole || milliseconds != drive.up_bytes.size() * kStep.count()) {
      throw std::runtime_error(file.string() + ": not the next 100 ms: " + line);
    }
    drive.up_bytes.push_back(up);
    drive.down_bytes.push_back(down);
  }
  return drive;
}

Capacity Capacity::of_rate(std::uint64_t bits_per_second) {
  Capacity capacity;
  capacity.bytes_per_second_ = static_cast<double>(bits_per_second) / 8;
  return capacity;
}

Capacity Capacity::recorded(std::vector<std::uint32_t> steps, Instant began) {
  if (std::all_of(steps.begin(), steps.end(), [](std::uint32_t step) { return step == 0; })) {
    throw std::runtime_error("a recorded link that carries nothing would hold packets for ever");
  }
  Capacity capacity;
  capacity.steps_ = std::make_shared<const std::vector<std::uint32_t>>(std::move(steps));
  capacity.began_ = began;
  return capacity;
}

Instant Capacity::finish(Instant start, double bytes) const {
  if (unlimited()) return start;
  if (steps_ == nullptr) return start + to_duration(bytes / bytes_per_second_);
  while (true) {
    const std::int64_t number = (start - began_) / Drive::kStep;
    const Instant step_ends = began_ + (number + 1) * Drive::kStep;
    const double carried = between(start, step_ends);
    if (carried >= bytes) {
      const double rate = step(number) / Seconds(Drive::kStep).count();
      return rate > 0 ? start + to_duration(bytes / rate) : start;
    }
    bytes -= carried;
    start = step_ends;
  }
}

double Capacity::step(std::int64_t number) const {
  return (*steps_)[static_cast<std::size_t>(number) % steps_->size()];
}

double Capacity::between(Instant start, Instant end) const {
  if (steps_ == nullptr) return Seconds(end - start).count() * bytes_per_second_;
  double bytes = 0;
  while (start < end) {
    const std::int64_t number = (start - began_) / Drive::kStep;
    const Instant until = std::min(end, began_ + (number + 1) * Drive::kStep);
    bytes += step(number) * (Seconds(until - start) / Seconds(Drive::kStep));
    start = until;
  }
  return bytes;
}

}  // namespace holdfast::test::link
