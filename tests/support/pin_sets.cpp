#include "support/pin_sets.hpp"

#include <numeric>
#include <span>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "pinning/document_writer.hpp"

namespace holdfast::test {
namespace {

std::vector<pinning::Pin> parse(const std::vector<std::string>& texts) {
  std::vector<pinning::Pin> pins;
  for (const std::string& text : texts) {
    std::string why;
    const auto pin = pinning::parse_pin(text, why);
    if (!pin) throw std::runtime_error(text + " is no pin: " + why);
    pins.push_back(*pin);
  }
  return pins;
}

std::vector<std::size_t> first(std::size_t count) {
  std::vector<std::size_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), std::size_t{0});
  return numbers;
}

pinning::RootSignature sign(const crypto::SigningKey& key, std::string_view label,
                            pinning::Bytes content) {
  return {.key = {key.public_key()}, .value = key.sign(pinning::to_be_signed(label, content))};
}

}  // namespace

RootSigner::RootSigner(std::size_t keys, unsigned threshold)
    : generations_{make(1, keys, threshold)} {}

RootSigner::Generation RootSigner::make(std::uint32_t version, std::size_t keys,
                                        unsigned threshold) {
  Generation generation{.roots = {.version = version, .threshold = threshold, .keys = {}},
                        .keys = {}};
  for (std::size_t i = 0; i < keys; ++i) {
    generation.keys.push_back(crypto::SigningKey::generate());
    generation.roots.keys.push_back({generation.keys.back().public_key()});
  }
  const std::string why = pinning::why_not_roots(generation.roots);
  if (!why.empty()) throw std::runtime_error(why);
  return generation;
}

std::vector<std::string> RootSigner::texts() const {
  std::vector<std::string> texts;
  for (const pinning::RootKey& key : newest().roots.keys) texts.push_back(key.text());
  return texts;
}

PinUpdates RootSigner::updates() const {
  PinUpdates updates;
  updates.root_keys = texts();
  updates.threshold = threshold();
  updates.roots_version = version();
  return updates;
}

void RootSigner::change_roots(std::size_t keys, unsigned threshold) {
  Generation next = make(version() + 1, keys, threshold);
  pinning::SignedRoots change{
      .roots = next.roots, .content = pinning::encode_roots(next.roots), .signatures = {}};
  for (const Generation* signer : {&newest(), &std::as_const(next)}) {
    for (std::size_t i = 0; i < signer->roots.threshold; ++i) {
      change.signatures.push_back(sign(signer->keys[i], pinning::kRootsLabel, change.content));
    }
  }
  changes_.push_back(std::move(change));
  generations_.push_back(std::move(next));
}

pinning::Document RootSigner::document(const PinSetText& text,
                                       const std::vector<std::size_t>& signers) const {
  pinning::Document document;
  document.list = {.version = text.version,
                   .roots_version = version(),
                   .issued = text.issued,
                   .expires = text.expires,
                   .spread = text.spread,
                   .pins = parse(text.pins),
                   .revoked = parse(text.revoked),
                   .candidates = parse(text.candidates)};
  document.content = pinning::encode_pins(document.list);
  document.roots = changes_;
  for (const std::size_t signer : signers) {
    document.signatures.push_back(
        sign(newest().keys.at(signer), pinning::kPinsLabel, document.content));
  }
  return document;
}

std::vector<std::byte> RootSigner::set(const PinSetText& text) const {
  return set(text, first(threshold()));
}

std::vector<std::byte> RootSigner::set(const PinSetText& text,
                                       const std::vector<std::size_t>& signers) const {
  return bytes_of(document(text, signers));
}

std::vector<std::byte> bytes_of(const pinning::Document& document) {
  const auto encoded = pinning::encode_document(document);
  const auto bytes = std::as_bytes(std::span(encoded));
  return {bytes.begin(), bytes.end()};
}

}  // namespace holdfast::test
