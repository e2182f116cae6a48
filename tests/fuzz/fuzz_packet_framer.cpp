// A stream of MQTT packets: however it is cut, the framer sees the same packets and the same error.

#include <algorithm>
#include <string>
#include <vector>

#include "fuzz.hpp"
#include "relay/packet_framer.hpp"

namespace {

using holdfast::relay::PacketFramer;
using holdfast::relay::Piece;

struct Seen {
  std::vector<std::byte> bytes;     // passed on
  std::vector<std::size_t> begins;  // where packets begin in `bytes`
  std::vector<std::size_t> ends;
  std::vector<int> heads;  // type and flags
  std::string error;
  bool at_boundary = true;
  friend bool operator==(const Seen&, const Seen&) = default;
};

Seen frame(std::span<const std::byte> input, std::size_t chunk_size) {
  PacketFramer framer(2'000);
  Seen seen;
  while (!input.empty()) {
    auto chunk = input.first(std::min(chunk_size, input.size()));
    input = input.subspan(chunk.size());
    while (!chunk.empty()) {
      const std::size_t before = chunk.size();
      const Piece piece = framer.next(chunk);
      holdfast::fuzz::require(chunk.size() < before, "each call takes something");
      if (piece.kind == Piece::Kind::error) {
        seen.error = piece.error;
        return seen;
      }
      if (piece.kind == Piece::Kind::none) continue;
      if (piece.begins) {
        seen.begins.push_back(seen.bytes.size());
        seen.heads.push_back(static_cast<int>(piece.type) << 4 | piece.flags);
      }
      seen.bytes.insert(seen.bytes.end(), piece.bytes.begin(), piece.bytes.end());
      if (piece.ends) seen.ends.push_back(seen.bytes.size());
      holdfast::fuzz::require(piece.ends == framer.at_boundary(), "an end is a boundary");
    }
  }
  seen.at_boundary = framer.at_boundary();
  return seen;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto input = holdfast::fuzz::bytes_of(data + 1, size - 1);
  const Seen whole = frame(input, input.size() + 1);
  holdfast::fuzz::require(frame(input, 1) == whole, "byte by byte it is the same");
  holdfast::fuzz::require(frame(input, 1U + data[0]) == whole, "cut anywhere it is the same");
  holdfast::fuzz::require(std::equal(whole.bytes.begin(), whole.bytes.end(), input.begin()),
                          "what is passed on is what came");
  return 0;
}
