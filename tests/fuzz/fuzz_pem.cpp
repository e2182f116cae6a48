// A key file from anybody: what is read from it reads the same when it is written again.

#include "crypto/pem.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  std::string why;
  const auto blocks = crypto::read_pem(fuzz::text_of(data, size), why);
  fuzz::require(blocks || !why.empty(), "a refusal has a reason");
  if (!blocks) return 0;
  for (const crypto::PemBlock& block : *blocks) {
    if (block.der.empty()) {
      fuzz::require(block.encrypted, "only an encrypted block has no content");
      continue;
    }
    const auto again = crypto::read_pem(crypto::write_pem(block.label, block.der), why);
    fuzz::require(again && again->size() == 1 && again->front().label == block.label &&
                      again->front().der == block.der,
                  "written again it reads the same");
  }
  return 0;
}
