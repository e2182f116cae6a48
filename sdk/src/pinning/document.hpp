// A signed pin set (schemas/holdfast/pin_set.fbs): read, and judged by the root keys that a device
// was built with. Pure: the check of a signature is handed in.

#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pinning/pin.hpp"

namespace holdfast::pinning {

using Bytes = std::span<const std::uint8_t>;

/// An Ed25519 public key.
struct RootKey {
  std::array<std::uint8_t, 32> bytes{};

  /// `ed25519/` and the standard base64 of the key.
  std::string text() const;

  // clang-tidy 14 takes the 0 in what is generated for a pointer.
  // NOLINTNEXTLINE(modernize-use-nullptr)
  friend auto operator<=>(const RootKey&, const RootKey&) = default;
};

/// Reads `ed25519/BASE64`. @return empty and `reason` set for anything else.
std::optional<RootKey> parse_root_key(std::string_view text, std::string& reason);

struct RootSignature {
  RootKey key;
  std::array<std::uint8_t, 64> value{};
};

/// Who may sign: `threshold` different ones of `keys`.
struct Roots {
  std::uint32_t version = 1;
  unsigned threshold = 1;
  std::vector<RootKey> keys;

  bool empty() const { return keys.empty(); }
};

struct SignedRoots {
  Roots roots;
  std::vector<std::uint8_t> content;  ///< what is signed, without its label
  std::vector<RootSignature> signatures;
};

/// What a pin set says.
struct PinList {
  std::uint64_t version = 0;
  std::uint32_t roots_version = 1;
  std::uint64_t issued = 0;   ///< seconds since 1970
  std::uint64_t expires = 0;  ///< seconds since 1970; 0: never
  std::chrono::seconds spread{3600};
  std::vector<Pin> pins;
  std::vector<Pin> revoked;
  std::vector<Pin> candidates;

  bool revokes(const Pin& pin) const;
};

/// A pin set as it was read; nobody has vouched for it yet.
struct Document {
  PinList list;
  std::vector<std::uint8_t> content;  ///< what is signed, without its label
  std::vector<RootSignature> signatures;
  std::vector<SignedRoots> roots;
};

/// What signatures are made over: a label, then the bytes.
inline constexpr std::string_view kPinsLabel = "holdfast pins 1\n";
inline constexpr std::string_view kRootsLabel = "holdfast roots 1\n";
std::vector<std::uint8_t> to_be_signed(std::string_view label, Bytes content);

using CheckSignature =
    std::function<bool(const RootKey&, Bytes message, const RootSignature& signature)>;

/// Reads the bytes of a pin set, whoever signed it. Every length, count and duplicate is checked.
/// @return empty and `why` set for anything that is none.
std::optional<Document> read_document(Bytes bytes, std::string& why);

/// How many different keys of `roots` have signed `content`.
unsigned count_signers(const Roots& roots, std::string_view label, Bytes content,
                       const std::vector<RootSignature>& signatures, const CheckSignature& check);

/// Follows the document's root changes from `known` to the newest, and checks that these have
/// signed its pins. @return the newest roots; empty and `why` set if it may not be trusted.
std::optional<Roots> verify_document(const Document& document, const Roots& known,
                                     const CheckSignature& check, std::string& why);

/// Why these cannot be roots (none, too many, one twice, a threshold that cannot be met); empty if
/// they can.
std::string why_not_roots(const Roots& roots);

}  // namespace holdfast::pinning
