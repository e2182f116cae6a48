#include "state/record_format.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "crypto/ed25519.hpp"

namespace holdfast::state {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::array<std::uint8_t, kLogHeadBytes> kHead = {'H', 'F', 'L', 'G', 1, 0, 0, 0};
constexpr std::size_t kLengthBytes = 4;
constexpr std::size_t kCheckBytes = 8;
// Behind a record that is not whole, so much is hashed in search of one that is. No torn write is
// as hard to tell as that.
constexpr std::size_t kMostSearched = std::size_t{4} * 1024 * 1024;

std::size_t length_at(Bytes file) {
  return file[0] | std::size_t{file[1]} << 8 | std::size_t{file[2]} << 16 |
         std::size_t{file[3]} << 24;
}

// Over the length as well: or a wrong one would make a wrong content of right bytes.
std::array<std::uint8_t, kCheckBytes> check_of(Bytes length, Bytes content) {
  std::vector<std::uint8_t> hashed(length.begin(), length.end());
  hashed.insert(hashed.end(), content.begin(), content.end());
  const crypto::Digest digest = crypto::sha256(hashed);
  std::array<std::uint8_t, kCheckBytes> check{};
  std::copy_n(digest.begin(), kCheckBytes, check.begin());
  return check;
}

// How long the content is that could begin here.
std::optional<std::size_t> plausible_length(Bytes file) {
  if (file.size() <= kRecordHeadBytes) return std::nullopt;
  const std::size_t length = length_at(file);
  if (length == 0 || length > kMaxRecordBytes || length > file.size() - kRecordHeadBytes) {
    return std::nullopt;
  }
  return length;
}

// The content of the record at the beginning of `file`.
std::optional<Bytes> record_at(Bytes file) {
  const auto length = plausible_length(file);
  if (!length) return std::nullopt;
  const Bytes content = file.subspan(kRecordHeadBytes, *length);
  if (!std::ranges::equal(check_of(file.first(kLengthBytes), content),
                          file.subspan(kLengthBytes, kCheckBytes))) {
    return std::nullopt;
  }
  return content;
}

// Each record is on the disk before the next one is written, so only the last can be torn: where a
// whole one follows, this is damage.
bool a_record_follows(Bytes rest) {
  std::size_t searched = 0;
  for (std::size_t at = 1; at < rest.size(); ++at) {
    const Bytes file = rest.subspan(at);
    const auto length = plausible_length(file);
    if (!length) continue;
    searched += *length;
    if (searched > kMostSearched || record_at(file)) return true;
  }
  return false;
}

}  // namespace

std::vector<std::uint8_t> encode_log_head() {
  return {kHead.begin(), kHead.end()};
}

std::vector<std::uint8_t> encode_record(Bytes content) {
  std::vector<std::uint8_t> record;
  record.reserve(kRecordHeadBytes + content.size());
  for (unsigned shift = 0; shift < 32; shift += 8) {
    record.push_back(static_cast<std::uint8_t>(content.size() >> shift));
  }
  const auto check = check_of(record, content);
  record.insert(record.end(), check.begin(), check.end());
  record.insert(record.end(), content.begin(), content.end());
  return record;
}

LogContent decode_log(Bytes file) {
  LogContent log;
  if (file.size() < kHead.size()) {
    const bool is_begun = std::equal(file.begin(), file.end(), kHead.begin());
    log.end = is_begun ? LogContent::End::torn : LogContent::End::damaged;
    return log;
  }
  if (!std::equal(kHead.begin(), kHead.end(), file.begin())) {
    log.end = LogContent::End::damaged;
    return log;
  }
  log.whole_bytes = kHead.size();
  while (log.whole_bytes < file.size()) {
    const Bytes rest = file.subspan(log.whole_bytes);
    const auto content = record_at(rest);
    if (!content) {
      log.end = a_record_follows(rest) ? LogContent::End::damaged : LogContent::End::torn;
      break;
    }
    log.records.push_back(*content);
    log.whole_bytes += kRecordHeadBytes + content->size();
  }
  return log;
}

}  // namespace holdfast::state
