// What is sent: the readings of a drive (tests/data/drive), one each 30 s, in the forms that
// people use.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace holdfast::bench::wire {

/// Units as in tests/data/drive/README.md.
struct Fix {
  std::int64_t time_ms = 0;
  std::int32_t lat_e7 = 0;
  std::int32_t lon_e7 = 0;
  std::uint16_t speed_cm_s = 0;
  std::uint16_t heading_cdeg = 0;
  std::uint16_t fuel_permille = 0;
};

/// How long a reading is that is the same for all.
inline constexpr std::size_t kOpaqueBytes = 44;

/// The next reading of the drive; from its begin again when it is over.
class Drive {
 public:
  Fix next();

 private:
  std::size_t at_ = 0;
};

/// Names and units written out, as in most services' examples.
std::string as_json(const Fix& fix);
/// `kOpaqueBytes` that hold the same values, whatever they mean.
std::string as_opaque(const Fix& fix);
/// The mean length of `as_json`.
double mean_json_bytes();

}  // namespace holdfast::bench::wire
