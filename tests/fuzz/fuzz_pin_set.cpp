// A signed pin set from whoever has the topic: it is read as one thing only, and without the
// signatures nobody is trusted.

#include <string>

#include "fuzz.hpp"
#include "pinning/document_writer.hpp"
#include "pinning/trust.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  using pinning::Document;
  std::string why;
  const auto document = pinning::read_document({data, size}, why);
  fuzz::require(document.has_value() == why.empty(), "a refusal has a reason, and only a refusal");
  if (!document) return 0;
  fuzz::require(document->list.version > 0 && !document->list.pins.empty(), "it pins something");

  // What the writer makes of it says the same.
  const auto again = pinning::read_document(pinning::encode_document(*document), why);
  fuzz::require(again && again->content == document->content &&
                    again->signatures.size() == document->signatures.size() &&
                    again->roots.size() == document->roots.size(),
                "written and read again it is the same");

  // A device with the document's own first roots, for which no signature is good, and one for which
  // each is.
  const auto nobody = [](const auto&, auto, const auto&) { return false; };
  const auto anybody = [](const auto&, auto, const auto&) { return true; };
  pinning::Roots roots{.version = 1, .threshold = 1, .keys = {pinning::RootKey{}}};
  if (!document->roots.empty()) roots = document->roots.front().roots;
  pinning::Pin ours;
  ours.digest.fill(0xA5);
  const pinning::BuiltIn built_in{.version = 1, .pins = {ours}, .roots = roots};
  pinning::Trust strict(built_in, std::nullopt, nobody);
  fuzz::require(strict.offer({data, size}, {}).result != pinning::Offer::Result::accepted &&
                    strict.keys()->match(ours).has_value(),
                "without signatures nothing changes");
  pinning::Trust lenient(built_in, std::nullopt, anybody);
  const auto offer = lenient.offer({data, size}, {});
  if (offer.result != pinning::Offer::Result::accepted) return 0;
  fuzz::require(lenient.state().floor >= 1 && !lenient.keys()->empty(), "somebody is trusted");
  for (const pinning::Pin& pin : document->list.revoked) {
    fuzz::require(!lenient.keys()->judge({pin}), "nothing rests on a revoked key");
  }
  return 0;
}
