#include "pinning/wire.hpp"

#include <algorithm>
#include <array>

#include <holdfast/limits.hpp>

namespace holdfast::pinning {
namespace {

template <std::uint16_t size>
std::array<std::uint8_t, size> to_array(const flatbuffers::Array<std::uint8_t, size>* bytes) {
  std::array<std::uint8_t, size> array{};
  std::copy_n(bytes->data(), size, array.begin());
  return array;
}

template <std::size_t size>
auto to_span(const std::array<std::uint8_t, size>& bytes) {
  return flatbuffers::span<const std::uint8_t, size>(bytes.data(), size);
}

template <class Table>
const Table* verified_root(Bytes bytes) {
  flatbuffers::Verifier verifier(bytes.data(), bytes.size(), limits::kMaxFlatbufferDepth,
                                 limits::kMaxFlatbufferTables);
  if (!verifier.VerifyBuffer<Table>(nullptr)) return nullptr;
  return flatbuffers::GetRoot<Table>(bytes.data());
}

std::string too_many(const char* what, std::size_t most) {
  return "it has a " + std::string(what) + " twice, or more than " + std::to_string(most);
}

}  // namespace

std::vector<std::uint8_t> copy_bytes(const flatbuffers::Vector<std::uint8_t>* bytes) {
  if (bytes == nullptr) return {};
  return {bytes->begin(), bytes->end()};
}

bool take_pins(const WirePins* from, std::size_t most, std::vector<Pin>& to) {
  to.clear();
  if (from == nullptr) return true;
  if (from->size() > most) return false;
  for (const wire::Digest* digest : *from) to.push_back({to_array(digest->bytes())});
  return !has_duplicate(to);
}

bool take_signatures(const WireSignatures* from, std::vector<RootSignature>& to) {
  to.clear();
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
    return too_many("pin", limits::kMaxPins);
  }
  if (!take_pins(table->revoked(), limits::kMaxRevokedKeys, list.revoked)) {
    return too_many("revoked key", limits::kMaxRevokedKeys);
  }
  if (!take_pins(table->candidates(), limits::kMaxPins, list.candidates)) {
    return too_many("candidate", limits::kMaxPins);
  }
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

std::string read_roots(Bytes content, Roots& roots) {
  const auto* table = verified_root<wire::Roots>(content);
  if (table == nullptr) return "its root keys are damaged";
  roots.version = table->version();
  roots.threshold = table->threshold();
  roots.keys.clear();
  if (table->keys() != nullptr) {
    if (table->keys()->size() > limits::kMaxRootKeys) return "it has too many root keys";
    for (const wire::RootKey* key : *table->keys()) {
      roots.keys.push_back({to_array(key->bytes())});
    }
  }
  return why_not_roots(roots);
}

std::vector<wire::Digest> to_wire(const std::vector<Pin>& pins) {
  std::vector<wire::Digest> digests;
  digests.reserve(pins.size());
  for (const Pin& pin : pins) digests.emplace_back(to_span(pin.digest));
  return digests;
}

std::vector<wire::RootKey> to_wire(const std::vector<RootKey>& keys) {
  std::vector<wire::RootKey> result;
  result.reserve(keys.size());
  for (const RootKey& key : keys) result.emplace_back(to_span(key.bytes));
  return result;
}

std::vector<wire::Signature> to_wire(const std::vector<RootSignature>& signatures) {
  std::vector<wire::Signature> result;
  result.reserve(signatures.size());
  for (const RootSignature& signature : signatures) {
    result.emplace_back(wire::RootKey(to_span(signature.key.bytes)), to_span(signature.value));
  }
  return result;
}

}  // namespace holdfast::pinning
