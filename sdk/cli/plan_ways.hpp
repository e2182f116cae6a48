// The ways of sending that `holdfast plan` compares, as profiles of the cost model. Pure.

#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "economics/month.hpp"

namespace holdfast::cli {

/// What a live ledger tells of a device's line; empty where it does not.
struct MeasuredLine {
  std::optional<double> reconnects_per_day;
  /// TLS bytes of the handshake and the tickets of a connection, resumed or not, on average.
  std::optional<double> set_up_tls_bytes;
  std::optional<double> lookup_bytes;  ///< of a connection, on average
  double repeated_share = 0;           ///< of the bytes that were no repetition
};

struct Plan {
  std::size_t payload_bytes = 0;
  std::size_t topic_bytes = 17;
  std::chrono::milliseconds delay{0};
  std::chrono::milliseconds reachable_within{0};  ///< 0: nobody has to reach the device
  std::size_t channels = 0;                       ///< of a `Series`; 0: readings are opaque bodies
  bool acknowledged = true;
  economics::Path path{};
  economics::Workload workload{};
  MeasuredLine measured{};
};

struct Way {
  std::string name;  ///< for a person
  std::string id;    ///< for a program
  economics::Profile profile;
  economics::Month month;
};

/// The ways in the order in which they are shown; Holdfast's last.
std::vector<Way> ways_of(const Plan& plan);

/// Readings that share a message: as many as come within the delay budget, in messages of
/// `limits::kBatchBytes`.
struct BatchSize {
  std::size_t readings = 1;
  std::size_t payload_bytes = 0;
};
BatchSize batch_of(const Plan& plan);

}  // namespace holdfast::cli
