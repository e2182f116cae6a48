#include "key_source.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "command.hpp"
#include "crypto/ed25519.hpp"
#include "crypto/pem.hpp"
#include "crypto/public_key.hpp"
#include "files.hpp"
#include "pinning/spki.hpp"

namespace holdfast::cli {
namespace {

using Der = std::vector<std::uint8_t>;
using Labels = std::vector<std::string_view>;

constexpr std::size_t kMaxFileBytes = std::size_t{1024} * 1024;  // a long chain has some 10 KiB

const Labels kCertificate{"CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"};
const Labels kRequest{"CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"};
const Labels kPrivateKey{"PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY",
                         "ENCRYPTED PRIVATE KEY"};
constexpr std::string_view kPublicKey = "PUBLIC KEY";

[[noreturn]] void refuse_encrypted(const std::string& file) {
  refuse(file + " is encrypted", "",
         "decrypt it on the way: openssl pkey -in " + file + " | holdfast pin --key -");
}

// What the file holds, for a message: "a CERTIFICATE and a PRIVATE KEY".
std::string list_of(const std::vector<crypto::PemBlock>& blocks) {
  std::string list;
  for (const auto& block : blocks) list += (list.empty() ? "it holds " : ", ") + block.label;
  return list.empty() ? "it is empty" : list;
}

// The first block with one of the labels; of a file without PEM all of it.
crypto::PemBlock find_block(const std::string& file, const Labels& labels, const char* what) {
  const Der bytes = read_file(file, kMaxFileBytes);
  if (!crypto::looks_like_pem(text_of(bytes)))
    return {.label = {}, .encrypted = false, .der = bytes};
  std::string why;
  const auto blocks = crypto::read_pem(text_of(bytes), why);
  if (!blocks) refuse(file + " cannot be read as PEM", why, "");
  for (const auto& block : *blocks) {
    if (std::find(labels.begin(), labels.end(), block.label) != labels.end()) return block;
  }
  refuse(file + " has no " + what, list_of(*blocks),
         "name the right file, or use --cert, --key or --csr for what it is");
}

SeenKey key_in(std::optional<std::span<const std::uint8_t>> spki, const std::string& file,
               const char* what) {
  if (!spki) refuse(file + " is no " + what, "", "it must be one, in PEM or DER");
  return key_of_spki(*spki);
}

}  // namespace

SeenKey key_of_spki(std::span<const std::uint8_t> spki) {
  return {.pin = {crypto::sha256(spki)}, .kind = crypto::kind_of_key(spki)};
}

SeenKey key_of_certificate(const std::string& file) {
  const auto block = find_block(file, kCertificate, "certificate");
  return key_in(pinning::find_spki(block.der), file, "X.509 certificate");
}

SeenKey key_of_request(const std::string& file) {
  const auto block = find_block(file, kRequest, "certification request");
  return key_in(pinning::find_spki_in_request(block.der), file, "certification request (PKCS#10)");
}

SeenKey key_of_key_file(const std::string& file) {
  Labels labels = kPrivateKey;
  labels.push_back(kPublicKey);
  const auto block = find_block(file, labels, "key");
  if (block.encrypted) refuse_encrypted(file);
  if (pinning::is_spki(block.der)) return key_of_spki(block.der);
  std::string why;
  const auto spki = crypto::public_key_of(block.der, why);
  if (!spki) {
    refuse(file + " is no key", why,
           "it must be an RSA, EC or Ed25519 key: PKCS#8, SEC 1 or PKCS#1, or a public key");
  }
  return key_of_spki(*spki);
}

Der read_private_key(const std::string& file) {
  auto block = find_block(file, kPrivateKey, "private key");
  if (block.encrypted) refuse_encrypted(file);
  return std::move(block.der);
}

}  // namespace holdfast::cli
