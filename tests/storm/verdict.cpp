#include "storm/verdict.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <system_error>
#include <utility>

#include <holdfast/limits.hpp>
#include <holdfast/receiver.hpp>

#include "payload/envelope.hpp"
#include "reading_generated.h"
#include "storm/streams.hpp"

namespace holdfast::test {
namespace {

using Kind = StormStream::Kind;

// Of one stream, the sequence numbers of one epoch that arrived, and what each carried: a number,
// or several as its parts.
using Numbered = std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t>;

class Judge {
 public:
  explicit Judge(const std::set<std::uint64_t>& stored) : stored_(stored) {}

  void see(const Arrived& arrived) {
    if (!is_first_copy(arrived)) {
      ++verdict_.second_copies;
      return;
    }
    ++verdict_.first_copies;
    if (stored_.count(arrived.number) == 0) ++verdict_.without_receipt;
    if (!seen_.insert(arrived.number).second) {
      breach("is fresh a second time", arrived.number, "the receiver could not tell the copy");
    }
    std::uint64_t& last = last_[arrived.topic];
    if (arrived.number < last && stream_of(arrived.number).order == Order::oldest_first) {
      breach("is out of order", arrived.number, "it came after " + std::to_string(last));
    }
    last = std::max(last, arrived.number);
  }

  Verdict finish() {
    for (const std::uint64_t number : stored_) look_for(number);
    for (const auto& [of, numbered] : numbered_) look_for_gaps(numbered);
    for (const auto& [kind, count] : counts_) {
      if (count <= kSpelledOut) continue;
      verdict_.breaches.push_back("in all " + std::to_string(count) + " times: " + kind);
    }
    return std::move(verdict_);
  }

 private:
  static constexpr std::size_t kSpelledOut = 5;
  // Where the newest goes first, it overtakes what was numbered and has that number not yet on the
  // disk: a kill then gives it another one. As many are numbered ahead, and may be under way.
  static constexpr std::size_t kNewestFirst = limits::kNumberedAhead + limits::kMaxInFlight;

  bool is_first_copy(const Arrived& arrived) {
    if (!arrived.origin) return seen_.count(arrived.number) == 0;
    Numbered& of_epoch = numbered_[{arrived.topic, arrived.origin->epoch}];
    const auto [at, is_new] =
        of_epoch.emplace(std::pair(arrived.origin->sequence, arrived.origin->part), arrived.number);
    if (at->second != arrived.number) {
      breach("has a sequence number of another's", arrived.number,
             "of " + std::to_string(at->second));
    }
    const auto verdict = tracker_.see(arrived.topic, *arrived.origin);
    if ((verdict == SequenceTracker::Verdict::fresh) != is_new) {
      breach("is misjudged by the tracker", arrived.number, is_new ? "as a copy" : "as fresh");
    }
    return verdict == SequenceTracker::Verdict::fresh;
  }

  void look_for(std::uint64_t number) {
    if (seen_.count(number) > 0) return;
    const StormStream& stream = stream_of(number);
    // A newer value is as good.
    if (stream.kind == Kind::keyed && last_[std::string(stream.topic)] > number) return;
    breach("is lost", number, "its receipt said that it was stored");
  }

  // Within an epoch a number is missing only where one was sent, or about to be, that nobody said
  // was stored, and that a kill has taken: so it is a number of the life that ended the epoch, and
  // stands between its neighbours.
  void look_for_gaps(const Numbered& numbered) {
    std::uint64_t last_life = 0;
    for (const auto& [at, number] : numbered) {
      last_life = std::max(last_life, life_of(number));
    }
    std::uint32_t last_sequence = 0;
    std::uint64_t last_number = last_life * kNumbersPerLife;
    std::size_t of_epoch = 0;
    for (const auto& [at, number] : numbered) {
      const std::uint32_t sequence = at.first;
      const std::size_t missing = sequence == last_sequence ? 0 : sequence - last_sequence - 1;
      of_epoch += missing;
      const bool in_order = stream_of(number).order == Order::oldest_first;
      const std::size_t explained = in_order
                                        ? taken_between(last_number, number)
                                        : kNewestFirst - std::min(kNewestFirst, of_epoch - missing);
      if (missing > explained) {
        breach("stands behind a gap", number,
               std::to_string(missing) + " are missing, of which " + std::to_string(explained) +
                   " are explained");
      }
      last_sequence = sequence;
      last_number = std::max(last_number, number);
    }
    verdict_.gaps += of_epoch;
  }

  std::size_t taken_between(std::uint64_t first, std::uint64_t last) const {
    std::size_t taken = 0;
    for (std::uint64_t number = first; number < last; ++number) {
      if (stream_of(number).topic != stream_of(last).topic) continue;
      if (stored_.count(number) == 0 && seen_.count(number) == 0) ++taken;
    }
    return taken;
  }

  void breach(const std::string& kind, std::uint64_t number, const std::string& how) {
    if (++counts_[kind] > kSpelledOut) return;
    verdict_.breaches.push_back(std::to_string(number) + " on " +
                                std::string(stream_of(number).topic) + " " + kind + ": " + how);
  }

  const std::set<std::uint64_t>& stored_;
  SequenceTracker tracker_;
  std::set<std::uint64_t> seen_;
  std::map<std::pair<std::string, std::uint64_t>, Numbered> numbered_;
  std::map<std::string, std::uint64_t> last_;  // first copy on each topic, the highest
  std::map<std::string, std::size_t> counts_;
  Verdict verdict_;
};

}  // namespace

namespace {

std::optional<std::uint64_t> number_in(std::string_view topic, std::span<const std::byte> body) {
  std::uint64_t number = 0;
  std::error_code error;
  const std::string_view text = as_text(body);
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_text = parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
  if (!is_text) {
    // Bodies in an envelope, and rows of a file, stand at any address.
    const std::vector<std::byte> aligned(body.begin(), body.end());
    const Reading* reading = verify<Reading>(aligned, error);
    if (reading == nullptr) return std::nullopt;
    number = reading->time_ms();
  }
  const StormStream& stream = stream_of(number);
  if (stream.topic != topic || is_text != (stream.kind == Kind::opaque)) return std::nullopt;
  return number;
}

// Empty if one of them is none.
std::vector<std::uint64_t> numbers_in(std::string_view topic, const Body& body) {
  std::vector<std::uint64_t> numbers;
  for (std::size_t i = 0; i < body.count(); ++i) {
    const auto number = number_in(topic, body.at(i));
    if (!number) return {};
    numbers.push_back(*number);
  }
  return numbers;
}

}  // namespace

std::vector<std::uint64_t> numbers_in(std::string_view topic, std::span<const std::byte> payload) {
  Body body{payload, std::nullopt, {}, {}};
  if (payload::is_envelope(payload) && payload::read_envelope(payload, body)) return {};
  return numbers_in(topic, body);
}

std::vector<Arrived> arrived(const ReceivedMessage& message) {
  Body body;
  if (open_envelope(as_payload(message.payload), body)) return {};
  std::vector<Arrived> all;
  for (const std::uint64_t number : numbers_in(message.topic, body)) {
    const bool is_opaque = stream_of(number).kind == Kind::opaque;
    if (is_opaque == body.origin.has_value()) return {};
    all.push_back({message.topic, number, body.origin_of(all.size())});
  }
  return all;
}

Verdict judge(const std::set<std::uint64_t>& stored, const std::vector<Arrived>& arrivals) {
  Judge judge(stored);
  for (const Arrived& arrived : arrivals) judge.see(arrived);
  return judge.finish();
}

}  // namespace holdfast::test
