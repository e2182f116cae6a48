#include "pin_set_file.hpp"

#include <holdfast/limits.hpp>

#include <algorithm>
#include <utility>

#include "command.hpp"
#include "crypto/ed25519.hpp"
#include "files.hpp"
#include "pinning/document_writer.hpp"

namespace holdfast::cli {

using pinning::Document;
using pinning::RootKey;
using pinning::Roots;
using pinning::RootSignature;

Document read_pin_set(const std::string& file) {
  const auto bytes = read_file(file, limits::kMaxPinSetBytes);
  std::string why;
  auto document = pinning::read_document(bytes, why);
  if (!document) refuse(file + " is no pin set", why, "make one with holdfast pinset new");
  return std::move(*document);
}

void write_pin_set(const std::string& file, const Document& document) {
  const auto bytes = pinning::encode_document(document);
  std::string why;
  if (!pinning::read_document(bytes, why)) refuse("this would be no pin set", why, "");
  write_file(file, bytes);
}

bool is_signed_by(const RootKey& key, pinning::Bytes message, const RootSignature& signature) {
  return crypto::verify_ed25519(key.bytes, message, signature.value);
}

const Roots& newest_roots(const Document& document) {
  if (document.roots.empty()) refuse("the set names no root keys", "", "make it anew with --root");
  return document.roots.back().roots;
}

std::vector<SignedPart> parts_of(const Document& document) {
  std::vector<SignedPart> parts;
  for (std::size_t i = 0; i < document.roots.size(); ++i) {
    const auto& change = document.roots[i];
    SignedPart part{.name = "version " + std::to_string(change.roots.version) + " of the root keys",
                    .label = pinning::kRootsLabel,
                    .content = &change.content,
                    .signers = {&change.roots},
                    .change = i};
    if (i > 0) part.signers.insert(part.signers.begin(), &document.roots[i - 1].roots);
    parts.push_back(std::move(part));
  }
  SignedPart pins{.name = "the pins", .label = pinning::kPinsLabel, .content = &document.content};
  pins.is_pins = true;
  if (!document.roots.empty()) pins.signers = {&document.roots.back().roots};
  parts.push_back(std::move(pins));
  return parts;
}

std::vector<RootSignature>& signatures_of(Document& document, const SignedPart& part) {
  return part.is_pins ? document.signatures : document.roots[part.change].signatures;
}

const std::vector<RootSignature>& signatures_of(const Document& document, const SignedPart& part) {
  return part.is_pins ? document.signatures : document.roots[part.change].signatures;
}

bool has_signed(const RootKey& key, const SignedPart& part,
                const std::vector<RootSignature>& signatures) {
  const Roots alone{.version = 1, .threshold = 1, .keys = {key}};
  return pinning::count_signers(alone, part.label, *part.content, signatures, is_signed_by) == 1;
}

bool may_sign(const RootKey& key, const SignedPart& part) {
  return std::any_of(part.signers.begin(), part.signers.end(), [&](const Roots* roots) {
    return std::find(roots->keys.begin(), roots->keys.end(), key) != roots->keys.end();
  });
}

std::vector<std::string> missing_signatures(const Document& document) {
  std::vector<std::string> missing;
  for (const SignedPart& part : parts_of(document)) {
    if (!part.is_pins && part.change == 0) continue;
    for (const Roots* roots : part.signers) {
      const unsigned count = pinning::count_signers(*roots, part.label, *part.content,
                                                    signatures_of(document, part), is_signed_by);
      if (count >= roots->threshold) continue;
      missing.push_back(part.name + ": signed by " + std::to_string(count) + " of the " +
                        std::to_string(roots->threshold) + " keys that version " +
                        std::to_string(roots->version) + " of the root keys asks for");
    }
  }
  return missing;
}

pinning::Pin read_pin(const char* option, const std::string& text) {
  std::string why;
  const auto pin = pinning::parse_pin(text, why);
  if (!pin) {
    refuse(std::string(option) + " is no pin", text,
           why + "; holdfast pin --cert FILE prints the one of a certificate");
  }
  return *pin;
}

Roots read_roots(const std::vector<std::string>& texts, unsigned threshold, std::uint32_t version) {
  Roots roots{.version = version, .threshold = threshold, .keys = {}};
  for (const std::string& text : texts) {
    std::string why;
    const auto key = pinning::parse_root_key(text, why);
    if (!key) refuse("--root is no root key", text, why + "; holdfast keygen --root prints one");
    roots.keys.push_back(*key);
  }
  if (threshold == 0 && roots.keys.size() > 1) {
    refuse("--threshold is missing", std::to_string(roots.keys.size()) + " root keys",
           "say how many of them must sign");
  }
  if (threshold == 0) roots.threshold = 1;
  if (const auto why = pinning::why_not_roots(roots); !why.empty()) {
    refuse("these root keys cannot work", why, "");
  }
  return roots;
}

}  // namespace holdfast::cli
