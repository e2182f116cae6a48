// A certificate from an attacker, as the walk to an authority reads it: everything found lies
// inside of it, the key is the one that is pinned, and every message about it is printable.

#include <vector>

#include "channel/certificate.hpp"
#include "channel/peer_name.hpp"
#include "fuzz.hpp"
#include "pinning/spki.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  const auto certificate = channel::parse_certificate({data, size});
  if (!certificate) return 0;
  std::vector<channel::Certificate::Bytes> views{certificate->issuer, certificate->subject,
                                                 certificate->spki};
  views.insert(views.end(), certificate->addresses.begin(), certificate->addresses.end());
  for (const auto view : views) {
    fuzz::require(view.data() > data && view.data() + view.size() <= data + size, "it lies inside");
  }
  const auto spki = pinning::find_spki({data, size});
  fuzz::require(spki && spki->data() == certificate->spki.data(), "both see the same key");
  fuzz::require(!channel::parse_certificate({data, size - 1}), "cut off, it is refused");
  for (const char* host : {"broker.example.com", "192.0.2.1", "2001:db8::1"}) {
    const std::string text = certificate->subject_text() +
                             channel::why_not_for(*certificate, channel::parse_peer_name(host)) +
                             channel::text_of_time(certificate->not_after);
    for (const char character : text) {
      fuzz::require(character >= 0x20 && character < 0x7F, "it is printable");
    }
  }
  return 0;
}
