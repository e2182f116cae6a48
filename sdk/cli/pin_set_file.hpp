// Signed pin sets as the pinset sub-commands handle them: files, signatures, and who is missing.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pinning/document.hpp"

namespace holdfast::cli {

/// @throws CommandError naming what is wrong with it. Nobody has vouched for it yet.
pinning::Document read_pin_set(const std::string& file);
/// Writes what `read_pin_set` reads. @throws CommandError
void write_pin_set(const std::string& file, const pinning::Document& document);

/// As a device checks it.
bool is_signed_by(const pinning::RootKey& key, pinning::Bytes message,
                  const pinning::RootSignature& signature);

/// The newest root keys that a set names. @throws CommandError if it names none.
const pinning::Roots& newest_roots(const pinning::Document& document);

/// One part of a document that is signed, and the keys that may sign it.
struct SignedPart {
  std::string name;  ///< "the pins", "version 2 of the root keys"
  std::string_view label;
  const std::vector<std::uint8_t>* content = nullptr;
  std::vector<const pinning::Roots*> signers;  ///< each must reach its threshold
  std::size_t change = 0;                      ///< for root keys: which one
  bool is_pins = false;
};

/// The root changes in their order, then the pins. `document` must outlive it.
std::vector<SignedPart> parts_of(const pinning::Document& document);
std::vector<pinning::RootSignature>& signatures_of(pinning::Document& document,
                                                   const SignedPart& part);
const std::vector<pinning::RootSignature>& signatures_of(const pinning::Document& document,
                                                         const SignedPart& part);

/// Whether the key has signed this part already.
bool has_signed(const pinning::RootKey& key, const SignedPart& part,
                const std::vector<pinning::RootSignature>& signatures);
/// Whether one of the part's signers.
bool may_sign(const pinning::RootKey& key, const SignedPart& part);

/// One line for each group of signers that is short: "the pins: 1 of the 2 signatures that version
/// 1 of the root keys asks for". The first root keys need none: a device is built with them.
std::vector<std::string> missing_signatures(const pinning::Document& document);

/// @throws CommandError naming `--pin` and so on.
pinning::Pin read_pin(const char* option, const std::string& text);
/// The keys of one version. @param threshold 0: all of one key, else it must be told.
/// @throws CommandError
pinning::Roots read_roots(const std::vector<std::string>& texts, unsigned threshold,
                          std::uint32_t version);

}  // namespace holdfast::cli
