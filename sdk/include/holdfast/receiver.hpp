// The receiving side of typed streams: tells a second copy from a first one, and counts what is
// missing. At-least-once delivery may bring a message twice; the origin in each envelope tells.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <holdfast/export.hpp>
#include <holdfast/payload.hpp>

namespace holdfast {

/// Follows the sequence numbers of many streams. Not thread-safe: one thread at a time.
/// Memory is bounded: at most `max_streams` streams (the one seen longest ago makes room) and
/// `kMaxMissing` missing numbers each (the oldest are then counted as lost for good). A receiver
/// may join late: numbers below the first one that it saw are not missing, and are fresh when they
/// come.
class HOLDFAST_EXPORT SequenceTracker {
 public:
  static constexpr std::size_t kMaxMissing = 4'096;

  enum class Verdict {
    fresh,      ///< seen for the first time
    duplicate,  ///< a second copy: drop it
  };

  explicit SequenceTracker(std::size_t max_streams = 10'000);

  /// Takes note of one reading of the stream that is published on `topic`. The readings of one
  /// message, told apart by `Origin::part`, come one after the other and share its verdict.
  Verdict see(std::string_view topic, const Origin& origin);

  /// Readings, of each kind.
  std::uint64_t fresh() const noexcept { return fresh_; }
  std::uint64_t duplicates() const noexcept { return duplicates_; }
  /// Messages: numbers between the first and the highest that were seen of each stream and have not
  /// arrived. A late arrival takes itself off again.
  std::uint64_t missing() const noexcept;

 private:
  struct Stream {
    std::uint32_t first = 0;
    std::uint32_t highest = 0;
    std::set<std::uint32_t> missing;
    std::set<std::uint32_t> below_first;  // that came all the same; the highest kMaxMissing of them
    std::uint64_t lost = 0;
    std::uint64_t last_use = 0;
    std::uint32_t last_sequence = 0;  // the message that was seen last, and what came of it
    Verdict last_verdict = Verdict::fresh;
  };
  using Key = std::pair<std::string, std::uint64_t>;

  Stream& stream(const Key& key, bool& is_new);
  static Verdict judge(Stream& seen, std::uint32_t sequence, bool is_new);

  std::size_t max_streams_;
  std::map<Key, Stream> streams_;
  std::uint64_t uses_ = 0;
  std::uint64_t fresh_ = 0;
  std::uint64_t duplicates_ = 0;
  std::uint64_t lost_with_evicted_ = 0;
};

}  // namespace holdfast
