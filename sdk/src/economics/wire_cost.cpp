#include "economics/wire_cost.hpp"

namespace holdfast::economics {
namespace {

constexpr std::size_t kPlainRecordBytes = std::size_t{16} * 1024;  // RFC 8446 section 5.1
constexpr std::size_t kPubackBytes = 4;                            // MQTT 3.1.1 section 3.4
constexpr std::size_t kPingBytes = 2;                              // sections 3.12 and 3.13
// Of a SYN beyond the header of every segment: MSS, window scale, SACK permitted, and padding; the
// last two share a word with the timestamps where there are any.
constexpr std::size_t kSynOptionBytes = 8;
constexpr std::size_t kSynOptionBytesWithoutTimestamps = 12;

std::size_t divide_up(std::size_t number, std::size_t by) {
  return (number + by - 1) / by;
}

std::size_t with_records(const Path& path, std::size_t bytes) {
  return bytes + divide_up(bytes, kPlainRecordBytes) * path.record_bytes;
}

// A variable byte integer (MQTT 3.1.1 section 2.2.3).
std::size_t length_bytes(std::size_t remaining) {
  std::size_t bytes = 1;
  for (; remaining >= 128; remaining /= 128) ++bytes;
  return bytes;
}

}  // namespace

Cost operator+(const Cost& one, const Cost& other) {
  return {one.bytes_up + other.bytes_up, one.bytes_down + other.bytes_down,
          one.packets_up + other.packets_up, one.packets_down + other.packets_down};
}

Cost operator*(double times, const Cost& cost) {
  return {times * cost.bytes_up, times * cost.bytes_down, times * cost.packets_up,
          times * cost.packets_down};
}

std::size_t Path::header_bytes() const {
  return (ipv6 ? 40U : 20U) + 20U + (timestamps ? 12U : 0U);
}

std::size_t publish_bytes(std::size_t topic_bytes, std::size_t payload_bytes, bool acknowledged) {
  const std::size_t remaining = 2 + topic_bytes + (acknowledged ? 2 : 0) + payload_bytes;
  return 1 + length_bytes(remaining) + remaining;
}

Cost exchange(const Path& path, std::size_t bytes, std::size_t answer_bytes) {
  const std::size_t segments = divide_up(bytes, path.segment_payload_bytes());
  std::size_t packets_up = segments;
  std::size_t packets_down = divide_up(segments, 2);
  if (answer_bytes > 0) {
    const std::size_t answers = divide_up(answer_bytes, path.segment_payload_bytes());
    // The first of them takes the place of the last acknowledgement.
    packets_down += answers - 1;
    packets_up += divide_up(answers, 2);
  }
  const auto header = static_cast<double>(path.header_bytes());
  const auto up = static_cast<double>(packets_up);
  const auto down = static_cast<double>(packets_down);
  return {up * header + static_cast<double>(bytes),
          down * header + static_cast<double>(answer_bytes), up, down};
}

Cost least_message(const Path& path, std::size_t topic_bytes, std::size_t payload_bytes,
                   bool acknowledged) {
  const std::size_t packet = publish_bytes(topic_bytes, payload_bytes, acknowledged);
  return exchange(path, with_records(path, packet),
                  acknowledged ? with_records(path, kPubackBytes) : 0);
}

Cost ping(const Path& path) {
  return exchange(path, with_records(path, kPingBytes), with_records(path, kPingBytes));
}

Cost tcp_opening(const Path& path) {
  const auto header = static_cast<double>(path.header_bytes());
  const double syn =
      header +
      static_cast<double>(path.timestamps ? kSynOptionBytes : kSynOptionBytesWithoutTimestamps);
  return {syn + header, syn, 2, 1};
}

}  // namespace holdfast::economics
