// From the kernel's counters of a TCP connection to what the carrier bills for it. Pure.
//
// The counters give segments and first and repeated bytes, and so the whole bill of a connection
// without losses. Where there are losses, three things are not in them, and are estimated from what
// the counters do show, never too low:
//  - SACK options (RFC 2018), which make a header longer while the receiver has a hole;
//  - second copies of what we have already: their headers are counted, their payload is not;
//  - segments after the last look: the end of the connection.
//
// That takes a look at the counters after each read: what happened between two looks is judged as
// one, and quiet intervals, the most by far, cost nothing extra.

#pragma once

#include <cstdint>

#include "base/clock.hpp"

namespace holdfast::ledger {

/// The kernel's counters at one moment (TCP_INFO, and the socket's drops).
struct WireSample {
  enum class Stage : std::uint8_t {
    connecting,  ///< no SYN-ACK yet
    open,
    peer_ended,   ///< the peer's FIN has come, ours has not gone
    ending,       ///< our FIN has gone, and is not acknowledged
    half_closed,  ///< it is; the peer's has not come
    last_ack,     ///< the peer's has come, ours is not acknowledged
    closed,
  };

  std::uint64_t segments_up = 0;
  std::uint64_t segments_down = 0;
  std::uint64_t data_segments_up = 0;  ///< of those, those with data; repeated ones each time
  std::uint64_t data_segments_down = 0;
  std::uint64_t outstanding = 0;  ///< segments that the peer has not acknowledged
  std::uint64_t bytes_up = 0;     ///< repeated ones each time
  std::uint64_t bytes_down = 0;
  std::uint64_t repeated_segments = 0;  ///< up
  std::uint64_t repeated_bytes = 0;     ///< up
  std::uint64_t out_of_order = 0;       ///< segments that came behind a hole
  std::uint64_t dropped = 0;            ///< segments that came and were of no use: second copies
  std::uint64_t told_twice = 0;         ///< DSACKs of the peer's (RFC 2883)
  std::uint64_t reorderings = 0;        ///< segments up that came in another order than they went
  std::uint64_t peer_holds = 0;  ///< segments that it reports behind one that is missing (SACK)
  bool hole = false;             ///< the kernel holds segments behind one that is missing
  bool fin_came = false;         ///< the peer's FIN was read; where `stage` does not tell it anyway
  Stage stage = Stage::closed;
  bool timestamps = false;  ///< RFC 7323, agreed on
  bool ipv6 = false;
  /// There may be a hole: the kernel holds more than nothing, and what a reader has not taken yet.
  bool unread = false;
  /// After so much silence TCP probes the line; 0: never.
  Duration probe_after{0};
};

/// IP bytes of one direction, headers included where nothing else is said.
struct WireBytes {
  std::uint64_t segments = 0;
  std::uint64_t carried = 0;  ///< TCP payload, each byte once
  std::uint64_t headers = 0;
  std::uint64_t repeated = 0;
  std::uint64_t probes = 0;

  std::uint64_t total() const { return carried + headers + repeated + probes; }
};

struct WireBill {
  WireBytes up;
  WireBytes down;

  std::uint64_t ip_bytes() const { return up.total() + down.total(); }
  std::uint64_t segments() const { return up.segments + down.segments; }
};

/// How a socket was left.
enum class End : std::uint8_t {
  orderly,     ///< closed: FINs go both ways
  reset,       ///< given up with a RST
  peer_reset,  ///< the peer's RST came
  broken,      ///< the kernel had given it up
};

class WireMeter {
 public:
  /// TCP is established.
  void connected(const WireSample& sample, Instant now);
  /// After each read.
  void look(const WireSample& sample, Instant now);
  /// Before the first write after a silence: only what the kernel has sent of its own accord.
  void silence_ends(const WireSample& sample, Instant now);

  /// What it has cost so far.
  WireBill bill(const WireSample& sample, Instant now) const;
  /// What it will have cost when the last segment has gone.
  WireBill final_bill(const WireSample& sample, End end, Instant now) const;

 private:
  // What came between two looks without a hole: only there do bytes and segments belong together,
  // because the kernel counts bytes behind a hole when it is closed.
  struct Stretch {
    std::uint64_t bytes = 0;
    std::uint64_t segments = 0;
    std::uint64_t behind_hole = 0;  // of those
  };

  void note_options_up(const WireSample& sample);
  void note_options_down(const WireSample& sample);
  void note_copies(const WireSample& sample);
  std::uint64_t copied(const WireSample& sample, std::uint64_t copies, std::uint64_t mean) const;
  WireBill sum(const WireSample& sample) const;

  WireSample last_;  // at the last read
  // At the last read or write: a silence began then.
  Instant active_{};
  std::uint64_t segments_up_then_ = 0;
  std::uint64_t segments_down_then_ = 0;
  std::uint64_t set_up_repeats_ = 0;  // SYNs beyond the first
  Stretch stretch_;
  std::uint64_t last_size_ = 0;    // bytes a segment, in the stretch before
  std::uint64_t size_before_ = 0;  // and in the one before that
  // Estimates.
  std::uint64_t option_bytes_up_ = 0;
  std::uint64_t option_bytes_down_ = 0;
  std::uint64_t copies_ = 0;  // segments that came once more
  std::uint64_t copied_bytes_down_ = 0;
  std::uint64_t probes_ = 0;
};

}  // namespace holdfast::ledger
