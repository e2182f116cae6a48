#include "pinning/document.hpp"

#include <algorithm>
#include <utility>

#include <holdfast/limits.hpp>

#include "pinning/base64.hpp"
#include "pinning/wire.hpp"

namespace holdfast::pinning {
namespace {

constexpr std::string_view kRootPrefix = "ed25519/";

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
  document.content = copy_bytes(table->pins());
  why = read_pins(document.content, document.list);
  if (why.empty() && document.list.version == 0) why = "it has no version";
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
      SignedRoots& to = document.roots.emplace_back();
      to.content = copy_bytes(change->roots());
      why = read_roots(to.content, to.roots);
      if (why.empty() && !take_signatures(change->signatures(), to.signatures)) {
        why = "a root change in it has too many signatures";
      }
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
