// What the benchmark of the outbox measures, each in a process of its own: the job that
// `--contender` names. The results are printed for the parent.

#pragma once

#include <cstddef>

#include "bench/harness.hpp"

namespace holdfast::bench {

inline constexpr std::size_t kPayloadBytes = 100;

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

}  // namespace holdfast::bench
