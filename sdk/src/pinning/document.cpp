#include "pinning/document.hpp"

#include <algorithm>
#include <utility>

#include <holdfast/limits.hpp>

#include "pin_set_generated.h"
#include "pinning/base64.hpp"

namespace holdfast::pinning {
namespace {

constexpr std::string_view kRootPrefix = "ed25519/";

template <class T>
bool has_duplicate(std::vector<T> items) {
  std::sort(items.begin(), items.end());
  return std::adjacent_find(items.begin(), items.end()) != items.end();
}

template <std::uint16_t size>
std::array<std::uint8_t, size> to_array(const flatbuffers::Array<std::uint8_t, size>* bytes) {
  std::array<std::uint8_t, size> array{};
  std::copy_n(bytes->data(), size, array.begin());
  return array;
}

// A finished buffer inside another may lie at an odd place: it is copied to an aligned one.
std::vector<std::uint8_t> copy(const flatbuffers::Vector<std::uint8_t>* bytes) {
  if (bytes == nullptr) return {};
  return {bytes->begin(), bytes->end()};
}

template <class Table>
const Table* verified_root(Bytes bytes) {
  flatbuffers::Verifier verifier(bytes.data(), bytes.size(), limits::kMaxFlatbufferDepth,
                                 limits::kMaxFlatbufferTables);
  if (!verifier.VerifyBuffer<Table>(nullptr)) return nullptr;
  return flatbuffers::GetRoot<Table>(bytes.data());
}

// Takes a list of pins; false if it is longer than allowed or names one twice.
bool take_pins(const flatbuffers::Vector<const wire::Digest*>* from, std::size_t most,
               std::vector<Pin>& to) {
  if (from == nullptr) return true;
  if (from->size() > most) return false;
  for (const wire::Digest* digest : *from) to.push_back({to_array(digest->bytes())});
  return !has_duplicate(to);
}

bool take_signatures(const flatbuffers::Vector<const wire::Signature*>* from,
                     std::vector<RootSignature>& to) {
  if (from == nullptr) return true;
  // A root change is signed by two sets of keys.
  if (from->size() > 2 * limits::kMaxRootKeys) return false;
  for (const wire::Signature* signature : *from) {
    to.push_back({{to_array(signature->key().bytes())}, to_array(signature->value())});
  }
  return true;
}

std::string read_pins(Bytes content, PinList& list) {
  const auto* table = verified_root<wire::Pins>(content);
  if (table == nullptr) return "its list of pins is damaged";
  list.version = table->version();
  list.roots_version = table->roots_version();
  list.issued = table->issued();
  list.expires = table->expires();
  list.spread = std::chrono::seconds(table->spread());
  if (!take_pins(table->pins(), limits::kMaxPins, list.pins)) {
    return "it has a pin twice, or more than " + std::to_string(limits::kMaxPins) + " pins";
  }
  if (!take_pins(table->revoked(), limits::kMaxRevokedKeys, list.revoked)) {
    return "it revokes a key twice, or more than " + std::to_string(limits::kMaxRevokedKeys) +
           " keys";
  }
  if (!take_pins(table->candidates(), limits::kMaxPins, list.candidates)) {
    return "it has a candidate twice, or more than " + std::to_string(limits::kMaxPins) +
           " candidates";
  }
  if (list.version == 0) return "it has no version";
  if (list.pins.empty()) return "it has no pins";
  for (const Pin& pin : list.pins) {
    if (list.revokes(pin)) return "it pins and revokes the same key, " + pin.text();
  }
  if (list.spread > limits::kMaxSpread) {
    return "its spread of " + std::to_string(list.spread.count()) + " s is above the limit of " +
           std::to_string(limits::kMaxSpread.count()) + " s";
  }
  return {};
}

std::string read_roots(const wire::SignedRoots& from, SignedRoots& to) {
  to.content = copy(from.roots());
  const auto* table = verified_root<wire::Roots>(to.content);
  if (table == nullptr) return "a root change in it is damaged";
  to.roots.version = table->version();
  to.roots.threshold = table->threshold();
  to.roots.keys.clear();
  if (table->keys() != nullptr) {
    if (table->keys()->size() > limits::kMaxRootKeys) return "a root change has too many keys";
    for (const wire::RootKey* key : *table->keys()) {
      to.roots.keys.push_back({to_array(key->bytes())});
    }
  }
  if (auto why = why_not_roots(to.roots); !why.empty()) return "a root change in it: " + why;
  if (!take_signatures(from.signatures(), to.signatures)) {
    return "a root change has too many signatures";
  }
  return {};
}

bool same_keys(const Roots& left, const Roots& right) {
  return left.threshold == right.threshold && left.keys.size() == right.keys.size() &&
         std::is_permutation(left.keys.begin(), left.keys.end(), right.keys.begin());
}

std::string signers_of(unsigned signers, const Roots& roots) {
  return std::to_string(signers) + " of the " + std::to_string(roots.threshold) + " that version " +
         std::to_string(roots.version) + " of the root keys asks for";
}

}  // namespace

std::string RootKey::text() const {
  return std::string(kRootPrefix) + encode_base64(bytes);
}

std::optional<RootKey> parse_root_key(std::string_view text, std::string& reason) {
  if (!text.starts_with(kRootPrefix)) {
    reason = "it does not begin with ed25519/";
    return std::nullopt;
  }
  RootKey key;
  reason = decode_base64(text.substr(kRootPrefix.size()), key.bytes);
  if (!reason.empty()) return std::nullopt;
  return key;
}

bool PinList::revokes(const Pin& pin) const {
  return std::find(revoked.begin(), revoked.end(), pin) != revoked.end();
}

std::vector<std::uint8_t> to_be_signed(std::string_view label, Bytes content) {
  std::vector<std::uint8_t> message(label.begin(), label.end());
  message.insert(message.end(), content.begin(), content.end());
  return message;
}

std::string why_not_roots(const Roots& roots) {
  if (roots.version == 0) return "root keys begin with version 1";
  if (roots.keys.empty()) return "there are no root keys";
  if (roots.keys.size() > limits::kMaxRootKeys) {
    return "there are " + std::to_string(roots.keys.size()) + " root keys; at most " +
           std::to_string(limits::kMaxRootKeys) + " are taken";
  }
  if (has_duplicate(roots.keys)) return "a root key is named twice";
  if (roots.threshold < 1 || roots.threshold > roots.keys.size()) {
    return "a threshold of " + std::to_string(roots.threshold) + " with " +
           std::to_string(roots.keys.size()) + " root keys; it must be between 1 and their number";
  }
  return {};
}

std::optional<Document> read_document(Bytes bytes, std::string& why) {
  if (bytes.size() > limits::kMaxPinSetBytes) {
    why = "it has " + std::to_string(bytes.size()) + " bytes; a pin set has at most " +
          std::to_string(limits::kMaxPinSetBytes);
    return std::nullopt;
  }
  std::error_code error;
  const auto* table = verify<wire::PinSet>(std::as_bytes(bytes), error);
  if (table == nullptr) {
    why = "it is not a pin set: " + error.message();
    return std::nullopt;
  }
  Document document;
  document.content = copy(table->pins());
  why = read_pins(document.content, document.list);
  if (!why.empty()) return std::nullopt;
  if (!take_signatures(table->signatures(), document.signatures)) {
    why = "it has too many signatures";
    return std::nullopt;
  }
  if (table->roots() != nullptr) {
    if (table->roots()->size() > limits::kMaxRootChanges) {
      why = "it has more than " + std::to_string(limits::kMaxRootChanges) + " root changes";
      return std::nullopt;
    }
    for (const wire::SignedRoots* change : *table->roots()) {
      why = read_roots(*change, document.roots.emplace_back());
      if (!why.empty()) return std::nullopt;
    }
  }
  return document;
}

unsigned count_signers(const Roots& roots, std::string_view label, Bytes content,
                       const std::vector<RootSignature>& signatures, const CheckSignature& check) {
  const auto message = to_be_signed(label, content);
  unsigned signers = 0;
  // Key by key, so that one key counts once however often it has signed.
  for (const RootKey& key : roots.keys) {
    signers += std::any_of(signatures.begin(), signatures.end(),
                           [&](const RootSignature& signature) {
                             return signature.key == key && check(key, message, signature);
                           })
                   ? 1U
                   : 0U;
  }
  return signers;
}

std::optional<Roots> verify_document(const Document& document, const Roots& known,
                                     const CheckSignature& check, std::string& why) {
  Roots trusted = known;
  for (const SignedRoots& change : document.roots) {
    const Roots& next = change.roots;
    if (next.version < trusted.version) continue;  // before our time
    if (next.version == trusted.version) {
      // Ours, as the signer knows them: others under the same number are a fork.
      if (same_keys(next, trusted)) continue;
      why = "its version " + std::to_string(next.version) + " of the root keys is not ours";
      return std::nullopt;
    }
    if (next.version != trusted.version + 1) {
      why = "its root keys go from version " + std::to_string(trusted.version) + " to " +
            std::to_string(next.version) + "; a change between them is missing";
      return std::nullopt;
    }
    for (const Roots* roots : {&std::as_const(trusted), &next}) {
      const unsigned signers =
          count_signers(*roots, kRootsLabel, change.content, change.signatures, check);
      if (signers < roots->threshold) {
        why = "version " + std::to_string(next.version) + " of the root keys is signed by " +
              signers_of(signers, *roots);
        return std::nullopt;
      }
    }
    trusted = next;
  }
  if (document.list.roots_version != trusted.version) {
    why = "it is signed under version " + std::to_string(document.list.roots_version) +
          " of the root keys; the newest that we can follow is " + std::to_string(trusted.version);
    return std::nullopt;
  }
  const unsigned signers =
      count_signers(trusted, kPinsLabel, document.content, document.signatures, check);
  if (signers < trusted.threshold) {
    why = "it is signed by " + signers_of(signers, trusted);
    return std::nullopt;
  }
  return trusted;
}

}  // namespace holdfast::pinning
