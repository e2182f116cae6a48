#include "channel/wire_count.hpp"

// linux/tcp.h and not netinet/tcp.h: the C library's structure ends before the byte counters.
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>

namespace holdfast::channel {
namespace {

constexpr std::uint64_t kIpv4Header = 20;
constexpr std::uint64_t kIpv6Header = 40;
constexpr std::uint64_t kTcpHeader = 20;
constexpr std::uint64_t kTimestampOption = 12;  // RFC 7323, with its padding
// What a SYN carries beyond a later segment with timestamps: MSS (4), SACK permitted (2) and window
// scale (3), padded. Without timestamps the same options take 12 bytes beyond a plain header.
constexpr std::uint64_t kSynExtraWithTimestamps = 8;
constexpr std::uint64_t kSynExtraWithout = 12;

}  // namespace

std::optional<WireCount> count_wire(int socket, bool ipv6) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  // Kernels before 4.19 have no tcpi_bytes_sent; the sum would be wrong, so there is none.
  if (size < offsetof(tcp_info, tcpi_bytes_sent) + sizeof info.tcpi_bytes_sent) return std::nullopt;

  const bool timestamps = (info.tcpi_options & TCPI_OPT_TIMESTAMPS) != 0;
  const std::uint64_t header =
      (ipv6 ? kIpv6Header : kIpv4Header) + kTcpHeader + (timestamps ? kTimestampOption : 0);
  const std::uint64_t syn_extra = timestamps ? kSynExtraWithTimestamps : kSynExtraWithout;

  WireCount count;
  count.segments_up = info.tcpi_segs_out;
  count.segments_down = info.tcpi_segs_in;
  // tcpi_bytes_sent counts a retransmitted byte each time it is sent.
  count.ip_bytes_up = info.tcpi_bytes_sent + count.segments_up * header + syn_extra;
  count.ip_bytes_down = info.tcpi_bytes_received + count.segments_down * header + syn_extra;
  count.bytes_per_second = info.tcpi_delivery_rate;
  count.path_is_limit = info.tcpi_delivery_rate > 0 && info.tcpi_delivery_rate_app_limited == 0;
  return count;
}

}  // namespace holdfast::channel
