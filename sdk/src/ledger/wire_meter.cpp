#include "ledger/wire_meter.hpp"

#include <algorithm>

namespace holdfast::ledger {
namespace {

constexpr std::uint64_t kIpv4Header = 20;
constexpr std::uint64_t kIpv6Header = 40;
constexpr std::uint64_t kTcpHeader = 20;
constexpr std::uint64_t kTimestampOption = 12;  // with its padding
// MSS (4), SACK permitted (2), timestamps (10), window scale (3), padded. Ours may offer timestamps
// that the peer does not agree to, so 20 counts for it in any case; the peer's SYN-ACK has without
// them 12.
constexpr std::uint64_t kSynOptions = 20;
constexpr std::uint64_t kSynAckOptionsWithoutTimestamps = 12;
// SACK options (RFC 2018): kind, length, padding, and two numbers a block.
constexpr std::uint64_t kOneSackBlock = 12;
constexpr std::uint64_t kTwoSackBlocks = 20;
constexpr std::uint64_t kThreeSackBlocks = 28;  // more have no room beside timestamps

std::uint64_t header_of(const WireSample& sample) {
  return (sample.ipv6 ? kIpv6Header : kIpv4Header) + kTcpHeader +
         (sample.timestamps ? kTimestampOption : 0);
}

std::uint64_t less(std::uint64_t from, std::uint64_t what) {
  return from > what ? from - what : 0;
}

std::uint64_t rounded_up(std::uint64_t bytes, std::uint64_t segments) {
  return segments == 0 ? bytes : (bytes + segments - 1) / segments;
}

struct Tail {
  std::uint64_t up = 0;
  std::uint64_t down = 0;
};

// The segments that are still to come when a socket has been closed.
Tail tail_of(WireSample::Stage stage, End end) {
  using Stage = WireSample::Stage;
  if (end == End::broken || end == End::peer_reset || stage == Stage::connecting) return {};
  // A RST, and one for each of two segments that were on their way to us.
  if (end == End::reset && stage != Stage::closed) return {3, 2};
  switch (stage) {
    case Stage::open:
      return {2, 2};  // FIN, its ACK, the peer's FIN, its ACK
    case Stage::peer_ended:
      return {1, 1};
    case Stage::ending:
      return {1, 2};
    case Stage::half_closed:
      return {1, 1};
    case Stage::last_ack:
      return {0, 1};
    case Stage::connecting:
    case Stage::closed:
      return {};
  }
  return {};
}

}  // namespace

void WireMeter::connected(const WireSample& sample, Instant now) {
  set_up_repeats_ = sample.repeated_segments;
  last_ = sample;
  silence_ends(sample, now);
}

void WireMeter::look(const WireSample& sample, Instant now) {
  note_options(sample);
  note_copies(sample);
  silence_ends(sample, now);
  last_ = sample;
}

// While a hole is open every segment to its sender tells of it. When it was closed shows in the
// next read, so all segments of the interval count. Among many that came behind a hole there are
// likely to be more, as many as the line loses, and it will lose as many down as up. A second copy
// is told of once.
void WireMeter::note_options(const WireSample& sample) {
  const std::uint64_t up = less(sample.segments_up, last_.segments_up);
  const std::uint64_t behind = less(sample.out_of_order, last_.out_of_order);
  const std::uint64_t copies = less(sample.dropped, last_.dropped);
  behind_hole_ = behind > 0 ? behind_hole_ + behind : 0;
  if (behind > 0) {
    const bool more_holes = behind_hole_ * sample.repeated_segments > sample.segments_up;
    option_bytes_up_ += up * (more_holes            ? kThreeSackBlocks
                              : behind + copies > 1 ? kTwoSackBlocks
                                                    : kOneSackBlock);
  }
  option_bytes_up_ += std::min(copies, up) * kOneSackBlock;

  const std::uint64_t down = less(sample.segments_down, last_.segments_down);
  const std::uint64_t repeated = less(sample.repeated_segments, last_.repeated_segments);
  const std::uint64_t twice = less(sample.told_twice, last_.told_twice);
  // One segment alone leaves no hole behind when it gets lost.
  const std::uint64_t on_the_way =
      last_.outstanding + less(less(sample.data_segments_up, last_.data_segments_up), repeated);
  const bool hole = sample.peer_has_hole || last_.peer_has_hole || repeated > 0;
  if (hole && on_the_way > 1) option_bytes_down_ += down * kOneSackBlock;
  option_bytes_down_ += std::min(twice, down) * kOneSackBlock;
}

// A peer repeats what it sent last, because our acknowledgement was lost or late. What else the
// kernel drops is no copy of data: a second SYN-ACK, whose options are longer, or a RST.
void WireMeter::note_copies(const WireSample& sample) {
  const std::uint64_t bytes = less(sample.bytes_down, last_.bytes_down);
  const std::uint64_t segments = less(sample.data_segments_down, last_.data_segments_down);
  const std::uint64_t dropped = less(sample.dropped, last_.dropped);
  const std::uint64_t copies = std::min(dropped, less(segments, bytes > 0 ? 1 : 0));
  copied_bytes_down_ += (dropped - copies) * (kSynOptions - kTimestampOption);
  if (bytes > 0) recent_sizes_[sizes_++ % kRecent] = rounded_up(bytes, segments - copies);
  if (copies == 0) return;
  copies_ += copies;
  const std::uint64_t most = copies * *std::max_element(recent_sizes_.begin(), recent_sizes_.end());
  // Several small segments behind a hole, which the peer repeats as a large one: their bytes are
  // among those of this interval. Twice the mean, because they need not be all alike.
  const bool behind_a_hole = less(sample.out_of_order, last_.out_of_order) >= copies;
  copied_bytes_down_ +=
      behind_a_hole && bytes > 0 ? std::min(most, copies * 2 * rounded_up(bytes, segments)) : most;
}

// Each probe begins after that much silence, and its answer ends it: one a period.
void WireMeter::silence_ends(const WireSample& sample, Instant now) {
  if (sample.probe_after > Duration(0) && now - active_ >= sample.probe_after) {
    const auto periods = static_cast<std::uint64_t>((now - active_) / sample.probe_after);
    probes_ += std::min({periods, less(sample.segments_up, segments_up_then_),
                         less(sample.segments_down, segments_down_then_)});
  }
  active_ = now;
  segments_up_then_ = sample.segments_up;
  segments_down_then_ = sample.segments_down;
}

WireBill WireMeter::sum(const WireSample& sample) const {
  const std::uint64_t header = header_of(sample);
  const std::uint64_t timestamps = sample.timestamps ? kTimestampOption : 0;
  const std::uint64_t syn_extra = kSynOptions - timestamps;
  const std::uint64_t syn_ack_extra =
      (sample.timestamps ? kSynOptions : kSynAckOptionsWithoutTimestamps) - timestamps;
  const bool answered = sample.segments_down > 0;
  // Before the answer every segment is a SYN.
  const std::uint64_t syn_repeats = sample.stage == WireSample::Stage::connecting || !answered
                                        ? sample.repeated_segments
                                        : set_up_repeats_;

  WireBill bill;
  bill.up.segments = sample.segments_up;
  bill.up.carried = less(sample.bytes_up, sample.repeated_bytes);
  bill.up.repeated =
      sample.repeated_bytes + sample.repeated_segments * header + syn_repeats * syn_extra;
  bill.up.probes = probes_ * header;
  bill.up.headers = less(sample.segments_up, sample.repeated_segments + probes_) * header +
                    (sample.segments_up > 0 ? syn_extra : 0) + option_bytes_up_;

  const std::uint64_t copies = std::min(copies_, less(sample.segments_down, probes_));
  bill.down.segments = sample.segments_down;
  // The kernel counts a FIN as a byte.
  const bool fin_came = sample.fin_came || sample.stage == WireSample::Stage::peer_ended ||
                        sample.stage == WireSample::Stage::last_ack;
  bill.down.carried = less(sample.bytes_down, fin_came ? 1 : 0);
  bill.down.repeated = copied_bytes_down_ + copies * header;
  bill.down.probes = probes_ * header;
  bill.down.headers = less(sample.segments_down, copies + probes_) * header +
                      (answered ? syn_ack_extra : 0) + option_bytes_down_;
  return bill;
}

WireBill WireMeter::bill(const WireSample& sample, Instant now) const {
  WireMeter meter = *this;
  meter.look(sample, now);
  return meter.sum(sample);
}

WireBill WireMeter::final_bill(const WireSample& sample, End end, Instant now) const {
  WireMeter meter = *this;
  meter.look(sample, now);
  WireBill bill = meter.sum(sample);
  Tail tail = tail_of(sample.stage, end);
  // On a line with losses FINs and their acknowledgements may be lost like all others, and on a bad
  // one more than once.
  const bool lossy = sample.repeated_segments > 0 || meter.copies_ > 0 || sample.out_of_order > 0;
  if (lossy && end == End::peer_reset) {
    tail.down += 2;  // the peer's answers to what was repeated and reaches it after its end
  } else if (lossy && end == End::orderly && sample.stage != WireSample::Stage::connecting) {
    const std::uint64_t rounds = sample.repeated_segments * 10 > sample.segments_up ? 2 : 1;
    tail.up += rounds;
    tail.down += 2 * rounds;
  }
  const std::uint64_t header = header_of(sample);
  bill.up.segments += tail.up;
  bill.up.headers += tail.up * header;
  bill.down.segments += tail.down;
  bill.down.headers += tail.down * header;
  return bill;
}

}  // namespace holdfast::ledger
