// A pin as somebody wrote it: what is taken has exactly one canonical spelling.

#include <algorithm>
#include <string>

#include "fuzz.hpp"
#include "pinning/pin.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  const std::string_view text = fuzz::text_of(data, size);
  std::string reason;
  const auto pin = pinning::parse_pin(text, reason);
  if (!pin) {
    fuzz::require(!reason.empty(), "a refusal has a reason");
    return 0;
  }
  const std::string canonical = pin->text();
  const std::string curls = "sha256//" + canonical.substr(7);
  fuzz::require(text == canonical || text == curls, "no third spelling is taken");
  fuzz::require(pinning::parse_pin(canonical, reason) == pin, "the canonical text means the same");
  return 0;
}
