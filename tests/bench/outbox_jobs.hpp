// What the benchmark of the outbox measures, each in a process of its own: the job that
// `--contender` names. The results are printed for the parent.

#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "bench/harness.hpp"

namespace holdfast::bench {

inline constexpr std::size_t kPayloadBytes = 100;

/// Publishes as fast as it may, or at a pace, and times each call.
class Feed {
 public:
  /// Of these arguments: `seconds`, or `rows` where that is given; `pace` in calls a second, 0: as
  /// fast as it goes.
  explicit Feed(const Arguments& arguments);

  /// @param ready waits until the next message may be published; not part of the call
  void run(const std::function<void()>& ready, const std::function<void()>& publish);

  std::size_t calls() const { return microseconds_.size(); }
  /// Since the first call.
  double seconds() const;
  /// Half of the calls, 99 of 100 of them, and all, took no longer than so many microseconds.
  std::vector<double> percentiles();

 private:
  using Clock = std::chrono::steady_clock;

  std::size_t rows_;
  std::chrono::seconds time_;
  double pace_;
  Clock::time_point start_;
  std::vector<float> microseconds_;
};

/// The number of figures that each job prints.
inline constexpr std::size_t kStoreFigures = 6;   // a second; p50, p99, max in µs; bytes, syncs
inline constexpr std::size_t kFillFigures = 7;    // a second; RSS before, after, most; bytes,
                                                  // payload; log
inline constexpr std::size_t kOpenFigures = 3;    // ms; RSS after, most
inline constexpr std::size_t kDrainFigures = 5;   // a second; bytes; RSS most; file, log
inline constexpr std::size_t kOnlineFigures = 2;  // for each byte: bytes by SQLite, by the kernel

// Holdfast's.
void store_job(const Arguments& arguments);
void fill_job(const Arguments& arguments);
void open_job(const Arguments& arguments);
void drain_job(const Arguments& arguments);
void online_job(const Arguments& arguments);

// The rivals' and the disk's: as those of Holdfast, as far as they have that figure, else 0.
void disk_job(const Arguments& arguments);
void paho_store_job(const Arguments& arguments, bool link_is_up);
void paho_drain_job(const Arguments& arguments);
void mosquitto_store_job(const Arguments& arguments);

/// In MiB, of this process: now, and the most that it ever was.
double resident_mib();
double most_resident_mib();

}  // namespace holdfast::bench
