// What a server answers in clear: does it agree on a key of its own, or does it rest on the
// ticket's secret alone? Pure.
//
// wolfSSL 5.5 offers both ways to use a ticket (psk_ke and psk_dhe_ke, RFC 8446 section 4.2.9) and
// does not tell which one was taken. Without the exchange of keys, whoever gets hold of the
// ticket's secret later reads everything: such an answer is refused.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace holdfast::channel {

/// Reads a peer's bytes until the first encrypted record.
class ServerHelloReader {
 public:
  void feed(std::span<const std::uint8_t> bytes);

  /// Whether the ServerHello (not a HelloRetryRequest before it) has a key_share. False for
  /// anything that is not understood.
  bool has_key_share() const;

  /// A ServerHello has about 120 bytes; more than this is not looked at.
  static constexpr std::size_t kMostBytes = 2048;

 private:
  std::vector<std::uint8_t> bytes_;
};

}  // namespace holdfast::channel
