#include "observe/event_record.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include <holdfast/error.hpp>

#include "crypto/ed25519.hpp"

namespace holdfast::observe {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::string_view kMagic = "HFEV";
constexpr std::size_t kCheckBytes = 8;
constexpr std::size_t kCheckedFrom = kMagic.size() + kCheckBytes;
constexpr std::size_t kFixedBytes =
    kCheckedFrom + 8 + 8 + 4 + 8 + 8 + 8 + 8 + 4 + 1 + 1 + 1 + 1 + 2;
constexpr std::size_t kTextBytes = limits::kKeptEventBytes - kFixedBytes;
constexpr std::size_t kMaxKindBytes = 32;
constexpr std::size_t kMaxErrorBytes = 128;
constexpr std::uint8_t kCut = 1;  // flags
constexpr std::uint8_t kDateKnown = 2;
// Numbers that count up from 1 never come here; those of a forger must not overflow.
constexpr std::uint64_t kMost = UINT64_C(1) << 62;

// Numbers are little endian.
class Writer {
 public:
  explicit Writer(EventSlot& slot, std::size_t at) : slot_(slot), at_(at) {}
  void number(std::uint64_t number, int bytes) {
    for (int i = 0; i < bytes; ++i) slot_[at_++] = static_cast<std::uint8_t>(number >> (8 * i));
  }
  void text(std::string_view text) {
    for (const char c : text) slot_[at_++] = static_cast<std::uint8_t>(c);
  }

 private:
  EventSlot& slot_;
  std::size_t at_;
};

class Reader {
 public:
  Reader(Bytes slot, std::size_t at) : slot_(slot), at_(at) {}
  std::uint64_t number(int bytes) {
    std::uint64_t number = 0;
    for (int i = 0; i < bytes; ++i) number |= std::uint64_t{slot_[at_++]} << (8 * i);
    return number;
  }
  std::string text(std::size_t bytes) {
    const Bytes from = slot_.subspan(at_, bytes);
    at_ += bytes;
    return {from.begin(), from.end()};
  }

 private:
  Bytes slot_;
  std::size_t at_;
};

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

// No character is cut in two.
bool shorten(std::string& text, std::size_t most) {
  if (text.size() <= most) return false;
  while (most > 0 && is_continuation(text[most])) --most;
  text.resize(most);
  return true;
}

std::array<std::uint8_t, kCheckBytes> check_of(Bytes slot) {
  const crypto::Digest digest = crypto::sha256(slot.subspan(kCheckedFrom));
  std::array<std::uint8_t, kCheckBytes> check{};
  std::copy_n(digest.begin(), kCheckBytes, check.begin());
  return check;
}

bool is_empty(Bytes slot) {
  return std::all_of(slot.begin(), slot.end(), [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

EventRecord record_of(const Event& event, const EventTime& time) {
  EventRecord record;
  record.last = time;
  record.first_ms = time.since_boot_ms;
  record.severity = severity_of(event);
  record.kind = to_string(event.kind);
  if (event.error) {
    if (event.error.category() == error_category()) record.code = event.error.value();
    record.error = event.error.message();
  }
  record.detail = event.detail;
  shorten(record.kind, kMaxKindBytes);
  shorten(record.error, kMaxErrorBytes);
  record.cut = shorten(record.detail, kTextBytes - record.kind.size() - record.error.size());
  return record;
}

EventSlot encode_slot(const EventRecord& record) {
  EventSlot slot{};
  std::copy(kMagic.begin(), kMagic.end(), slot.begin());
  Writer out(slot, kCheckedFrom);
  out.number(record.record, 8);
  out.number(record.event, 8);
  out.number(record.count, 4);
  out.number(record.last.boot, 8);
  out.number(static_cast<std::uint64_t>(record.last.began_ms.value_or(0)), 8);
  out.number(record.first_ms, 8);
  out.number(record.last.since_boot_ms, 8);
  out.number(static_cast<std::uint32_t>(record.code), 4);
  out.number(static_cast<std::uint8_t>(record.severity), 1);
  out.number((record.cut ? kCut : 0U) | (record.last.began_ms ? kDateKnown : 0U), 1);
  out.number(record.kind.size(), 1);
  out.number(record.error.size(), 1);
  out.number(record.detail.size(), 2);
  out.text(record.kind);
  out.text(record.error);
  out.text(record.detail);
  const auto check = check_of(slot);
  std::copy(check.begin(), check.end(), slot.begin() + kMagic.size());
  return slot;
}

std::optional<EventRecord> decode_slot(Bytes slot) {
  if (slot.size() != limits::kKeptEventBytes ||
      !std::equal(kMagic.begin(), kMagic.end(), slot.begin()) ||
      !std::ranges::equal(check_of(slot), slot.subspan(kMagic.size(), kCheckBytes))) {
    return std::nullopt;
  }
  EventRecord record;
  Reader in(slot, kCheckedFrom);
  record.record = in.number(8);
  record.event = in.number(8);
  record.count = static_cast<std::uint32_t>(in.number(4));
  record.last.boot = in.number(8);
  const auto began = static_cast<std::int64_t>(in.number(8));
  record.first_ms = in.number(8);
  record.last.since_boot_ms = in.number(8);
  record.code = static_cast<std::int32_t>(static_cast<std::uint32_t>(in.number(4)));
  const std::uint64_t severity = in.number(1);
  const std::uint64_t flags = in.number(1);
  const std::size_t kind = in.number(1);
  const std::size_t error = in.number(1);
  const std::size_t detail = in.number(2);
  const bool date_known = (flags & kDateKnown) != 0;
  if (kind > kMaxKindBytes || error > kMaxErrorBytes || kind + error + detail > kTextBytes ||
      severity < 3 || severity > 6 || record.record == 0 || record.record > kMost ||
      record.event == 0 || record.event > kMost || record.count == 0 ||
      record.first_ms > record.last.since_boot_ms || record.last.since_boot_ms > kMost ||
      flags > (kCut | kDateKnown) || (date_known ? began < 0 : began != 0) ||
      began > static_cast<std::int64_t>(kMost)) {
    return std::nullopt;
  }
  record.severity = static_cast<Severity>(severity);
  record.cut = (flags & kCut) != 0;
  if (date_known) record.last.began_ms = began;
  record.kind = in.text(kind);
  record.error = in.text(error);
  record.detail = in.text(detail);
  if (!is_empty(slot.subspan(kFixedBytes + kind + error + detail))) return std::nullopt;
  return record;
}

// A date that somebody came to know later is that of the whole boot.
void arrange(std::vector<EventRecord>& records) {
  std::sort(records.begin(), records.end(), [](const EventRecord& left, const EventRecord& right) {
    return std::pair(left.event, left.record) < std::pair(right.event, right.record);
  });
  std::map<std::uint64_t, std::int64_t> began;
  for (const EventRecord& record : records) {
    if (record.last.began_ms) began[record.last.boot] = *record.last.began_ms;
  }
  for (EventRecord& record : records) {
    const auto known = began.find(record.last.boot);
    if (!record.last.began_ms && known != began.end()) record.last.began_ms = known->second;
  }
}

KeptEvents decode_events(Bytes file) {
  KeptEvents kept;
  const std::size_t slots = std::min(limits::kKeptEvents, file.size() / limits::kKeptEventBytes);
  for (std::size_t number = 0; number < slots; ++number) {
    const Bytes slot = file.subspan(number * limits::kKeptEventBytes, limits::kKeptEventBytes);
    auto record = decode_slot(slot);
    if (record && record->record % limits::kKeptEvents == number) {
      kept.records.push_back(std::move(*record));
    } else if (!is_empty(slot)) {
      ++kept.damaged;
    }
  }
  const Bytes rest = file.subspan(slots * limits::kKeptEventBytes);
  if (!is_empty(rest)) ++kept.damaged;
  arrange(kept.records);
  return kept;
}

}  // namespace holdfast::observe
