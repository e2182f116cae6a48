#include "state/slot_format.hpp"

#include <algorithm>
#include <string_view>

#include "crypto/ed25519.hpp"

namespace holdfast::state {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::string_view kMagic = "HFSL";
constexpr std::size_t kFixedBytes = 4 + 8 + 4;  // what stands before the digest

// Numbers are little endian.
void put(std::vector<std::uint8_t>& to, std::uint64_t number, int bytes) {
  for (int i = 0; i < bytes; ++i) to.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
}

std::uint64_t get(Bytes from, std::size_t at, int bytes) {
  std::uint64_t number = 0;
  for (int i = 0; i < bytes; ++i) {
    number |= static_cast<std::uint64_t>(from[at + static_cast<std::size_t>(i)]) << (8 * i);
  }
  return number;
}

crypto::Digest checksum(Bytes fixed, Bytes content) {
  std::vector<std::uint8_t> all(fixed.begin(), fixed.end());
  all.insert(all.end(), content.begin(), content.end());
  return crypto::sha256(all);
}

}  // namespace

std::vector<std::uint8_t> encode_slot(std::uint64_t generation, Bytes content) {
  std::vector<std::uint8_t> file(kMagic.begin(), kMagic.end());
  put(file, generation, 8);
  put(file, content.size(), 4);
  const auto digest = checksum(file, content);
  file.insert(file.end(), digest.begin(), digest.end());
  file.insert(file.end(), content.begin(), content.end());
  return file;
}

std::optional<SlotRecord> decode_slot(Bytes file) {
  if (file.size() < kSlotHeaderBytes || !std::equal(kMagic.begin(), kMagic.end(), file.begin())) {
    return std::nullopt;
  }
  const std::uint64_t length = get(file, 12, 4);
  if (length > file.size() - kSlotHeaderBytes) return std::nullopt;
  const auto content = file.subspan(kSlotHeaderBytes, static_cast<std::size_t>(length));
  const auto digest = checksum(file.first(kFixedBytes), content);
  if (!std::equal(digest.begin(), digest.end(), file.begin() + kFixedBytes)) return std::nullopt;
  SlotRecord record{get(file, 4, 8), {content.begin(), content.end()}};
  if (record.generation == 0) return std::nullopt;
  return record;
}

}  // namespace holdfast::state
