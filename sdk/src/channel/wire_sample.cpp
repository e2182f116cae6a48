#include "channel/wire_sample.hpp"

// linux/tcp.h and not netinet/tcp.h: the C library's structure ends before the byte counters.
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstddef>

namespace holdfast::channel {
namespace {

// The states of tcpi_state by their numbers in the kernel (include/net/tcp_states.h); their names
// are in netinet/tcp.h, which cannot be included beside linux/tcp.h.
constexpr unsigned kEstablished = 1;
constexpr unsigned kSynSent = 2;
constexpr unsigned kFinWait1 = 4;
constexpr unsigned kFinWait2 = 5;
constexpr unsigned kCloseWait = 8;
constexpr unsigned kLastAck = 9;
constexpr unsigned kClosing = 11;

ledger::WireSample::Stage stage_of(unsigned state) {
  using Stage = ledger::WireSample::Stage;
  switch (state) {
    case kEstablished:
      return Stage::open;
    case kSynSent:
      return Stage::connecting;
    case kFinWait1:
      return Stage::ending;
    case kFinWait2:
      return Stage::half_closed;
    case kCloseWait:
      return Stage::peer_ended;
    case kLastAck:
    case kClosing:
      return Stage::last_ack;
    default:
      return Stage::closed;
  }
}

std::optional<tcp_info> read_info(int socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  if (size < offsetof(tcp_info, tcpi_bytes_retrans) + sizeof info.tcpi_bytes_retrans) {
    return std::nullopt;
  }
  return info;
}

// What the kernel holds without being able to give it to a reader is behind a hole. The order of
// the two looks matters: what comes between them can only hide a hole until the next look.
void read_memory(int socket, ledger::WireSample& sample) {
  std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
  socklen_t size = sizeof memory;
  if (::getsockopt(socket, SOL_SOCKET, SO_MEMINFO, memory.data(), &size) != 0) return;
  sample.dropped = memory[SK_MEMINFO_DROPS];
  if (memory[SK_MEMINFO_RMEM_ALLOC] == 0) return;
  int readable = 0;
  if (::ioctl(socket, SIOCINQ, &readable) != 0) return;
  sample.hole = readable == 0;
  sample.unread = readable > 0;
}

int read_option(int socket, int level, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(socket, level, name, &value, &size) == 0 ? value : 0;
}

}  // namespace

std::optional<ledger::WireSample> sample_wire(int socket, bool ipv6) {
  const auto info = read_info(socket);
  if (!info) return std::nullopt;
  ledger::WireSample sample;
  sample.segments_up = info->tcpi_segs_out;
  sample.segments_down = info->tcpi_segs_in;
  sample.data_segments_up = info->tcpi_data_segs_out;
  sample.data_segments_down = info->tcpi_data_segs_in;
  sample.outstanding = info->tcpi_unacked;
  sample.bytes_up = info->tcpi_bytes_sent;  // counts a repeated byte each time
  sample.bytes_down = info->tcpi_bytes_received;
  sample.repeated_segments = info->tcpi_total_retrans;
  sample.repeated_bytes = info->tcpi_bytes_retrans;
  // Kernels before 5.4 leave these at 0.
  sample.out_of_order = info->tcpi_rcv_ooopack;
  sample.told_twice = info->tcpi_dsack_dups;
  sample.reorderings = info->tcpi_reord_seen;
  sample.peer_holds = info->tcpi_sacked;
  read_memory(socket, sample);
  sample.stage = stage_of(info->tcpi_state);
  sample.timestamps = (info->tcpi_options & TCPI_OPT_TIMESTAMPS) != 0;
  sample.ipv6 = ipv6;
  if (read_option(socket, SOL_SOCKET, SO_KEEPALIVE) != 0) {
    sample.probe_after = std::chrono::seconds(read_option(socket, IPPROTO_TCP, TCP_KEEPIDLE));
  }
  return sample;
}

std::optional<ledger::WireBill> bill_wire(int socket, bool ipv6) {
  const auto sample = sample_wire(socket, ipv6);
  if (!sample) return std::nullopt;
  return ledger::WireMeter().bill(*sample, {});
}

RoundTrips sample_round_trips(int socket) {
  const auto info = read_info(socket);
  if (!info) return {};
  return {std::chrono::microseconds(info->tcpi_rtt), std::chrono::microseconds(info->tcpi_min_rtt)};
}

std::size_t bytes_in_kernel(int socket) {
  int bytes = 0;
  return ::ioctl(socket, SIOCOUTQ, &bytes) == 0 ? static_cast<std::size_t>(bytes) : 0;
}

}  // namespace holdfast::channel
