#include <algorithm>

#include <holdfast/receiver.hpp>

namespace holdfast {

SequenceTracker::SequenceTracker(std::size_t max_streams)
    : max_streams_(std::max<std::size_t>(max_streams, 1)) {}

SequenceTracker::Stream& SequenceTracker::stream(const Key& key, bool& is_new) {
  if (const auto known = streams_.find(key); known != streams_.end()) {
    is_new = false;
    return known->second;
  }
  is_new = true;
  if (streams_.size() >= max_streams_) {
    const auto oldest = std::min_element(
        streams_.begin(), streams_.end(),
        [](const auto& a, const auto& b) { return a.second.last_use < b.second.last_use; });
    lost_with_evicted_ += oldest->second.missing.size() + oldest->second.lost;
    streams_.erase(oldest);
  }
  return streams_[key];
}

SequenceTracker::Verdict SequenceTracker::see(std::string_view topic, const Origin& origin) {
  bool is_new = false;
  Stream& seen = stream(Key(topic, origin.epoch), is_new);
  seen.last_use = ++uses_;
  const bool goes_on = !is_new && origin.part > 0 && origin.sequence == seen.last_sequence;
  if (!goes_on) {
    seen.last_verdict = judge(seen, origin.sequence, is_new);
    seen.last_sequence = origin.sequence;
  }
  ++(seen.last_verdict == Verdict::fresh ? fresh_ : duplicates_);
  return seen.last_verdict;
}

SequenceTracker::Verdict SequenceTracker::judge(Stream& seen, std::uint32_t sequence, bool is_new) {
  if (is_new) {
    // A receiver may join late: what was sent before is not missing.
    seen.first = seen.highest = sequence;
  } else if (sequence < seen.first) {
    if (!seen.below_first.insert(sequence).second) return Verdict::duplicate;
    if (seen.below_first.size() > kMaxMissing) seen.below_first.erase(seen.below_first.begin());
  } else if (sequence > seen.highest) {
    const std::uint32_t gap = sequence - seen.highest - 1;
    // A forged number must not make us note four thousand million missing ones.
    const std::uint32_t noted = std::min<std::uint32_t>(gap, kMaxMissing);
    seen.lost += gap - noted;
    for (std::uint32_t i = 0; i < noted; ++i) seen.missing.insert(sequence - noted + i);
    while (seen.missing.size() > kMaxMissing) {
      seen.missing.erase(seen.missing.begin());
      ++seen.lost;
    }
    seen.highest = sequence;
  } else if (seen.missing.erase(sequence) == 0) {
    return Verdict::duplicate;
  }
  return Verdict::fresh;
}

std::uint64_t SequenceTracker::missing() const noexcept {
  std::uint64_t sum = lost_with_evicted_;
  for (const auto& [key, stream] : streams_) sum += stream.missing.size() + stream.lost;
  return sum;
}

}  // namespace holdfast
