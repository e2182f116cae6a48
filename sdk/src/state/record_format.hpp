// The bytes of a record log (docs/formats/record_log.md): pure.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace holdfast::state {

/// What the file begins with.
inline constexpr std::size_t kLogHeadBytes = 4 + 4;
/// Before each record: its length, and a part of its SHA-256.
inline constexpr std::size_t kRecordHeadBytes = 4 + 8;
/// A kept reply with what goes with it, and room to grow.
inline constexpr std::size_t kMaxRecordBytes = std::size_t{64} * 1024;

std::vector<std::uint8_t> encode_log_head();

/// @param content 1 to `kMaxRecordBytes` bytes
std::vector<std::uint8_t> encode_record(std::span<const std::uint8_t> content);

struct LogContent {
  enum class End : std::uint8_t {
    whole,
    torn,    ///< the last record was being written when the power went: it never counted
    damaged  ///< something that counted cannot be read
  };

  std::vector<std::span<const std::uint8_t>> records;  ///< up to what is not whole
  std::size_t whole_bytes = 0;                         ///< where the next record goes
  End end = End::whole;
};

/// The records point into `file`.
LogContent decode_log(std::span<const std::uint8_t> file);

}  // namespace holdfast::state
