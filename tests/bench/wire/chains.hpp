// Certificate chains as the public authorities issue them today: the same keys, extensions and
// signed certificate timestamps, and so the same sizes. Throw-away, made by the openssl command.

#pragma once

#include <filesystem>
#include <string>

#include "support/temp_dir.hpp"

namespace holdfast::bench::wire {

enum class ChainKind { rsa, ecdsa };

struct Chain {
  std::filesystem::path key_file;
  std::filesystem::path cert_file;  // the leaf, then the intermediate
  std::filesystem::path root_file;  // for the client's trust store
};

/// RSA: a leaf of 2048 bits by an intermediate of 2048 bits. ECDSA: a P-256 leaf by a P-384
/// intermediate. Both intermediates by an RSA root of 4096 bits. Throws std::runtime_error with
/// openssl's words.
Chain make_chain(const test::TempDir& dir, ChainKind kind, const std::string& host);

}  // namespace holdfast::bench::wire
