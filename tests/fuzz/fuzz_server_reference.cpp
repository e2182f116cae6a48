// A CONNACK or DISCONNECT with a Server Reference, in pieces of any size, and what the reference
// says.

#include <algorithm>
#include <optional>
#include <span>
#include <string>

#include <holdfast/limits.hpp>

#include "channel/server_reference.hpp"
#include "fuzz.hpp"
#include "mqtt/server_reference.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  if (size == 0) return 0;
  // The first byte says how long the pieces are.
  const std::size_t step = data[0] == 0 ? size : data[0];
  const auto packet = std::as_bytes(std::span(data, size).subspan(1));
  mqtt_engine::ServerReferenceReader in_pieces;
  mqtt_engine::ServerReferenceReader at_once;
  in_pieces.listen();
  at_once.listen();
  std::optional<std::string> found;
  for (std::size_t begin = 0; begin < packet.size(); begin += step) {
    const std::size_t count = std::min(step, packet.size() - begin);
    found = in_pieces.take(packet.subspan(begin, count), begin + count == packet.size());
  }
  fuzz::require(packet.empty() || found == at_once.take(packet, true), "pieces make no difference");
  if (!found) return 0;
  fuzz::require(!found->empty() && found->size() <= limits::kMaxServerReferenceBytes,
                "a reference has its bounds");
  constexpr std::uint16_t kPort = 8'883;
  if (const auto broker = channel::parse_server_reference(*found, kPort)) {
    fuzz::require(!broker->host.empty() && broker->port != 0, "a broker has a host and a port");
    const auto again = channel::parse_server_reference(broker->text(), kPort);
    fuzz::require(again && again->text() == broker->text(), "its text names the same broker");
  }
  return 0;
}
