// A file of events, damaged or tampered with, also by somebody who can compute its checksums: what
// is read of it is what would be written, each in its place.

#include <algorithm>
#include <vector>

#include "crypto/ed25519.hpp"
#include "fuzz.hpp"
#include "observe/documents.hpp"
#include "observe/event_ring.hpp"

namespace {

using namespace holdfast;

// Places of the file with checksums that fit.
std::vector<std::uint8_t> mended(std::span<const std::uint8_t> file) {
  std::vector<std::uint8_t> whole(file.begin(), file.end());
  for (std::size_t at = 0; at + limits::kKeptEventBytes <= whole.size();
       at += limits::kKeptEventBytes) {
    const std::span<std::uint8_t> slot(whole.data() + at, limits::kKeptEventBytes);
    const auto digest = crypto::sha256(slot.subspan(12));
    std::copy_n("HFEV", 4, slot.begin());
    std::copy_n(digest.begin(), 8, slot.begin() + 4);
  }
  return whole;
}

void read(std::span<const std::uint8_t> file) {
  const observe::KeptEvents kept = observe::decode_events(file);
  std::uint64_t latest = 0;
  for (const observe::EventRecord& record : kept.records) {
    fuzz::require(record.event >= latest, "in the order of the latest events");
    latest = record.event;
    // A date that came from another record is not what stood in the place.
    observe::EventRecord undated = record;
    const auto place = static_cast<std::size_t>(record.record % limits::kKeptEvents);
    const auto slot = file.subspan(place * limits::kKeptEventBytes, limits::kKeptEventBytes);
    const auto own = observe::decode_slot(slot);
    fuzz::require(own.has_value(), "it stands in its place");
    undated.last.began_ms = own->last.began_ms;
    fuzz::require(undated == *own, "and is what stands there");
    fuzz::require(std::ranges::equal(observe::encode_slot(*own), slot), "what is read was written");
  }
  // A device goes on with it, whatever it is.
  observe::EventRing ring;
  ring.restore(kept);
  ring.add(observe::record_of({EventKind::connected, {}, "now"}, {}));
  const auto newest = ring.newest(1);
  fuzz::require(newest.size() == 1 && newest[0].detail == "now", "the newest is the newest");
  fuzz::require(!observe::events_document(kept.records).empty(), "all can be told");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> file(data, size);
  read(file);
  read(mended(file));
  return 0;
}
