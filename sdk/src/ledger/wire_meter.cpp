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
constexpr std::uint64_t kSackBlock = 8;         // beside others

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
  note_options_up(sample);
  note_options_down(sample);
  note_copies(sample);
  silence_ends(sample, now);
  last_ = sample;
}

// While a hole is open every segment to its sender tells of it; of those that a hole has begun
// among, each acknowledgement that a segment behind it has caused. Among many that came behind a
// hole there are likely to be more, as many as the line loses, and it will lose as many down as up.
// A second copy is told of once, in front of the holes.
void WireMeter::note_options_up(const WireSample& sample) {
  const std::uint64_t up = less(sample.segments_up, last_.segments_up);
  const std::uint64_t with_data = less(sample.data_segments_up, last_.data_segments_up);
  const std::uint64_t behind = less(sample.out_of_order, last_.out_of_order);
  const std::uint64_t copies = less(sample.dropped, last_.dropped);
  std::uint64_t telling = 0;
  if (last_.hole) {
    telling = up;
  } else if (behind > 0) {
    // One with data may have gone after the hole was known.
    const std::uint64_t with_data_too = with_data > 0 ? 1 : 0;
    telling = std::min(less(up, with_data) + with_data_too, behind + copies);
  }
  const std::uint64_t found = stretch_.behind_hole + behind;
  const bool more_holes = found * sample.repeated_segments > sample.segments_up && found > 2;
  const bool two_blocks = behind + copies + (last_.hole ? 1 : 0) > 1;
  option_bytes_up_ +=
      telling * (more_holes ? kThreeSackBlocks : (two_blocks ? kTwoSackBlocks : kOneSackBlock));
  const std::uint64_t alone = std::min(copies, less(up, telling));
  option_bytes_up_ += alone * kOneSackBlock + std::min(copies - alone, telling) * kSackBlock;
}

// A hole of the peer's makes what it sends longer. Each of our segments behind it is acknowledged
// at once, by a segment without data. Those with data tell of it while it is open, few of them
// where it has been closed meanwhile: an application does not answer what it has not got.
void WireMeter::note_options_down(const WireSample& sample) {
  const std::uint64_t down = less(sample.segments_down, last_.segments_down);
  const std::uint64_t with_data = less(sample.data_segments_down, last_.data_segments_down);
  const std::uint64_t without = less(down, with_data);
  const std::uint64_t repeated = less(sample.repeated_segments, last_.repeated_segments);
  const std::uint64_t reordered = less(sample.reorderings, last_.reorderings);
  const std::uint64_t twice = less(sample.told_twice, last_.told_twice);
  // One segment alone leaves no hole behind when it gets lost.
  const std::uint64_t on_the_way =
      last_.outstanding + less(less(sample.data_segments_up, last_.data_segments_up), repeated);
  std::uint64_t telling = 0;
  if (on_the_way > 1) {
    if (sample.peer_holds > 0) {
      telling = down;
    } else if (last_.peer_holds > 0) {
      telling = without + std::min(with_data, last_.peer_holds);
    } else if (repeated > 0 || reordered > 0) {
      telling = without;
    }
  }
  // What was repeated between two reads was in as many holes, perhaps.
  option_bytes_down_ += telling * (repeated > 1 ? kTwoSackBlocks : kOneSackBlock);
  option_bytes_down_ += std::min(twice, down) * kOneSackBlock;
}

// What a number of second copies has carried.
// @param mean bytes a segment in this stretch; 0 if nothing new has come
std::uint64_t WireMeter::copied(const WireSample& sample, std::uint64_t copies,
                                std::uint64_t mean) const {
  // A peer repeats what it sent last, because our acknowledgement was lost or late.
  // The first are charged in full; among many cases one makes up for the other.
  constexpr std::uint64_t kMany = 4;
  if (mean == 0) {
    if (copies_ < kMany) return copies * std::max(last_size_, size_before_);
    return rounded_up(copies * (last_size_ + size_before_), 2);
  }
  const std::uint64_t bytes = less(sample.bytes_down, last_.bytes_down);
  const bool holes = last_.hole || less(sample.out_of_order, last_.out_of_order) > 0;
  if (holes && bytes > 0) {
    // Segments behind a hole, which the peer repeats with what was missing in a large one: their
    // bytes are among those that have come now. They need not be all alike.
    const std::uint64_t likely = (copies + 2) * mean;
    return copies <= stretch_.behind_hole ? std::min(likely, bytes) : likely;
  }
  // Many that are new: the copies are of these.
  const std::uint64_t segments = less(sample.data_segments_down, last_.data_segments_down);
  if (less(segments, copies) >= kMany) return (copies + 1) * mean;
  // Few: they are of these, or of those before.
  if (copies_ < kMany) return copies * std::max(mean, last_size_);
  return rounded_up(copies * (mean + (last_size_ > 0 ? last_size_ : mean)), 2);
}

// What the kernel drops beside copies of data is a second SYN-ACK, whose options are longer, or a
// RST.
void WireMeter::note_copies(const WireSample& sample) {
  const std::uint64_t bytes = less(sample.bytes_down, last_.bytes_down);
  const std::uint64_t segments = less(sample.data_segments_down, last_.data_segments_down);
  const std::uint64_t behind = less(sample.out_of_order, last_.out_of_order);
  const std::uint64_t dropped = less(sample.dropped, last_.dropped);
  const bool holes = last_.hole || behind > 0;
  stretch_.bytes += bytes;
  stretch_.segments += segments;
  stretch_.behind_hole += behind;
  const std::uint64_t copies =
      std::min(dropped, less(holes ? stretch_.segments : segments, bytes > 0 ? 1 : 0));
  // Those behind a hole were counted with their bytes, or will be; others never are.
  if (!holes) stretch_.segments -= copies;
  const std::uint64_t mean = stretch_.bytes > 0 ? rounded_up(stretch_.bytes, stretch_.segments) : 0;
  if (copies > 0) copied_bytes_down_ += copied(sample, copies, mean);
  copies_ += copies;
  copied_bytes_down_ += (dropped - copies) * (kSynOptions - kTimestampOption);
  if (sample.hole || sample.unread) return;
  if (mean > 0) {
    size_before_ = last_size_;
    last_size_ = mean;
  }
  stretch_ = {};
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
    // The peer's answers to what was repeated and reaches it after its end. They have no options.
    constexpr std::uint64_t kAnswers = 2;
    bill.down.segments += kAnswers;
    bill.down.headers +=
        kAnswers * (header_of(sample) - (sample.timestamps ? kTimestampOption : 0));
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
