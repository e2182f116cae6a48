// What the tests of series share: random declarations and readings, always the same for a seed.

#pragma once

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <holdfast/series.hpp>

namespace holdfast::test {

using Bytes = std::vector<std::byte>;
using Random = std::mt19937_64;

inline std::uint64_t below(Random& random, std::uint64_t bound) {
  return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(random);
}

/// Whole numbers of very different shapes: constant, steady, noisy, with jumps, anything.
inline std::vector<std::int64_t> random_numbers(Random& random, std::size_t count) {
  const auto shape = below(random, 7);
  const auto bits = below(random, 63) + 1;
  const auto noise = [&](std::uint64_t width) {
    return static_cast<std::int64_t>(random() >> (64 - width)) * (below(random, 2) == 0 ? 1 : -1);
  };
  std::vector<std::int64_t> numbers(count);
  std::int64_t value = noise(bits / 2 + 1);
  const std::int64_t step = noise(bits / 4 + 1);
  for (auto& number : numbers) {
    if (shape == 1) value += step;
    if (shape == 2) value += step + noise(bits / 8 + 1);
    if (shape == 3) value += noise(bits / 8 + 1) * (below(random, 16) == 0 ? 1'000 : 1);
    if (shape == 4) value = noise(bits);
    if (shape == 5) value = static_cast<std::int64_t>(random());
    if (shape == 6) value = static_cast<std::int64_t>(random() >> (64 - bits));
    number = value;
  }
  return numbers;
}

/// Which of `count` rows have a value; empty: all.
inline std::vector<std::uint8_t> random_presence(Random& random, std::size_t count) {
  const auto shape = below(random, 5);
  if (shape > 2) return {};
  std::vector<std::uint8_t> present(count, 1);
  for (auto& one : present) {
    one = shape == 0 ? 0 : static_cast<std::uint8_t>(below(random, 4) != 0);
  }
  return present;
}

inline SeriesLayout random_layout(Random& random) {
  std::vector<Channel> channels(below(random, 9) + 1);
  for (std::size_t i = 0; i < channels.size(); ++i) {
    channels[i].name = "channel " + std::to_string(i);
    const ChannelKind kinds[] = {ChannelKind::integer, ChannelKind::single, ChannelKind::real};
    channels[i].kind = kinds[below(random, 3)];
    const double resolutions[] = {1e-7, 0.01, 0.25, 0.3, 1, 5};
    if (below(random, 2) == 0) channels[i].resolution = resolutions[below(random, 6)];
  }
  const std::chrono::milliseconds units[] = {std::chrono::milliseconds(1),
                                             std::chrono::milliseconds(100),
                                             std::chrono::seconds(1), std::chrono::minutes(1)};
  return SeriesLayout(std::move(channels), {.time_resolution = units[below(random, 4)]});
}

struct Reading {
  SeriesTime time;
  std::vector<Sample> samples;
};

inline std::vector<Reading> random_readings(Random& random, const SeriesLayout& layout,
                                            std::size_t count, std::uint64_t boot = 0) {
  std::vector<Reading> readings(count);
  std::int64_t ms = 1'700'000'000'000;
  const auto pace = static_cast<std::int64_t>(below(random, 20'000));
  const bool jumps = below(random, 4) == 0;
  for (auto& reading : readings) {
    ms += pace + (jumps && below(random, 8) == 0 ? -31'536'000'000 : 0);
    reading.time = {ms, boot};
  }
  for (const Channel& channel : layout.channels()) {
    const auto numbers = random_numbers(random, count);
    const auto present = random_presence(random, count);
    for (std::size_t row = 0; row < count; ++row) {
      Sample sample;
      if (present.empty() || present[row] != 0) {
        const auto number = static_cast<double>(numbers[row]);
        switch (channel.kind) {
          case ChannelKind::integer:
            sample = numbers[row];
            break;
          case ChannelKind::fixed:
            sample = std::fmod(number, 1e12) * channel.resolution / 3;
            break;
          case ChannelKind::single:
            sample = static_cast<float>(number / 7);
            break;
          default:
            sample = number / 7;
        }
      }
      readings[row].samples.push_back(sample);
    }
  }
  return readings;
}

inline Bytes packed(const SeriesLayout& layout, const std::vector<Reading>& readings,
                    const Origin& origin = {}) {
  SeriesWriter writer(layout);
  for (const Reading& reading : readings) {
    if (const auto refusal = writer.add(reading.time, reading.samples)) {
      throw std::runtime_error(refusal.detail);
    }
  }
  return writer.finish(origin);
}

}  // namespace holdfast::test
