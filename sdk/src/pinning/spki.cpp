#include "pinning/spki.hpp"

#include "pinning/der.hpp"

namespace holdfast::pinning {
namespace {

using der::Bytes;
using der::take;

constexpr std::uint8_t kVersionTag = 0xA0;  // [0] EXPLICIT Version

}  // namespace

std::optional<Bytes> find_spki(Bytes certificate) {
  Bytes rest = certificate;
  const auto outer = take(rest, der::kSequence);
  if (!outer || !rest.empty()) return std::nullopt;

  Bytes fields = outer->content;
  const auto tbs = take(fields, der::kSequence);
  if (!tbs) return std::nullopt;

  Bytes body = tbs->content;
  if (!body.empty() && body[0] == kVersionTag && !take(body, kVersionTag)) return std::nullopt;
  if (!take(body, der::kInteger)) return std::nullopt;  // serialNumber
  for (int i = 0; i < 4; ++i) {                         // signature, issuer, validity, subject
    if (!take(body, der::kSequence)) return std::nullopt;
  }
  const auto spki = take(body, der::kSequence);
  if (!spki) return std::nullopt;

  // Algorithm identifier and bit string, and nothing else: a key hidden behind them is no key.
  Bytes inside = spki->content;
  if (!take(inside, der::kSequence) || !take(inside, der::kBitString) || !inside.empty())
    return std::nullopt;
  return spki->whole;
}

}  // namespace holdfast::pinning
