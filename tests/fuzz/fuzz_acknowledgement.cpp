// What a broker answers to publishes, through the framer and into the bookkeeping: however it is
// cut, it settles the same messages, and each at most once.

#include <algorithm>
#include <set>
#include <vector>

#include "fuzz.hpp"
#include "mqtt/acknowledgement.hpp"
#include "mqtt/publisher.hpp"
#include "relay/packet_framer.hpp"

namespace {

using namespace holdfast;
using namespace holdfast::mqtt_engine;

struct Seen {
  std::vector<MessageId> settled;
  std::vector<int> codes;
  std::size_t replies = 0;
  std::size_t malformed = 0;
  friend bool operator==(const Seen&, const Seen&) = default;
};

Seen run(std::span<const std::byte> input, std::size_t chunk_size) {
  Publisher publisher(MqttVersion::v5, 0);
  constexpr MessageId kMessages = 8;
  for (MessageId id = 1; id <= kMessages; ++id) {
    const Qos qos = id % 2 == 0 ? Qos::exactly_once : Qos::at_least_once;
    publisher.publish({.id = id, .topic = "t", .payload = {}, .qos = qos}, Instant());
  }
  relay::PacketFramer framer(2'000);
  AcknowledgementReader reader;
  Seen seen;
  while (!input.empty()) {
    auto chunk = input.first(std::min(chunk_size, input.size()));
    input = input.subspan(chunk.size());
    while (!chunk.empty()) {
      const auto piece = framer.next(chunk);
      if (piece.kind == relay::Piece::Kind::error) return seen;
      if (piece.kind == relay::Piece::Kind::none) continue;
      const auto answer = reader.take(piece.bytes, piece.ends);
      fuzz::require(!answer || piece.ends, "an answer comes with the packet's end");
      if (piece.ends && reader.malformed()) ++seen.malformed;
      if (!answer) continue;
      fuzz::require(answer->packet_id != 0, "no identifier is 0");
      const std::size_t before = publisher.in_flight();
      const auto reply = publisher.answered(*answer);
      fuzz::require(publisher.in_flight() == before - (reply.settled ? 1 : 0),
                    "what is settled has left, and nothing else");
      if (!reply.packet.empty()) ++seen.replies;
      if (!reply.settled) continue;
      seen.settled.push_back(reply.settled->id);
      seen.codes.push_back(reply.settled->code);
    }
  }
  const std::set<MessageId> once(seen.settled.begin(), seen.settled.end());
  fuzz::require(once.size() == seen.settled.size(), "each is settled at most once");
  fuzz::require(once.size() + publisher.in_flight() == kMessages, "none is lost");
  return seen;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto input = fuzz::bytes_of(data + 1, size - 1);
  const Seen whole = run(input, input.size() + 1);
  fuzz::require(run(input, 1) == whole, "byte by byte it is the same");
  fuzz::require(run(input, 1U + data[0]) == whole, "cut anywhere it is the same");
  return 0;
}
