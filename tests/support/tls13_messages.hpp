#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The handshake messages of TLS 1.3 (RFC 8446 section 4) as bytes: a parser of
// the ClientHello, and makers for what a server sends. They make whatever they
// are asked for, sensible or not.
namespace holdfast::test::tls13 {

enum class MessageType : std::uint8_t {
  kHelloRequest = 0,
  kClientHello = 1,
  kServerHello = 2,
  kNewSessionTicket = 4,
  kEncryptedExtensions = 8,
  kCertificate = 11,
  kServerKeyExchange = 12,  // TLS 1.2
  kCertificateRequest = 13,
  kServerHelloDone = 14,  // TLS 1.2
  kCertificateVerify = 15,
  kFinished = 20,
  kKeyUpdate = 24,
};

inline constexpr std::uint16_t kTls12 = 0x0303;
inline constexpr std::uint16_t kTls13 = 0x0304;

inline constexpr std::uint16_t kAes128GcmSha256 = 0x1301;
inline constexpr std::uint16_t kAes128Ccm8Sha256 = 0x1305;
inline constexpr std::uint16_t kSm4GcmSm3 = 0x00C6;
inline constexpr std::uint16_t kRsaWithNullSha256 = 0x003B;
inline constexpr std::uint16_t kEcdhAnonWithAes128CbcSha = 0xC018;

inline constexpr std::uint16_t kX25519 = 0x001D;
inline constexpr std::uint16_t kSecp521r1 = 0x0019;

// Big-endian numbers, and vectors with their length before them.
std::string u8(std::size_t value);
std::string u16(std::size_t value);
std::string u24(std::size_t value);
std::string u32(std::size_t value);
std::string vector8(std::string_view bytes);
std::string vector16(std::string_view bytes);
std::string vector24(std::string_view bytes);

std::string message(MessageType type, std::string_view body);
std::string extension(std::uint16_t type, std::string_view body);

struct ClientHello {
  std::string session_id;
  std::vector<std::uint16_t> suites;
  std::vector<std::uint16_t> extensions;
  std::vector<std::string> contents;  // Of the extensions, in the same order.
  std::string x25519;                 // Its key share; empty when it sent none.
  std::string ticket;                 // The first that it offers; empty when it offers none.
};

// Takes the whole message, header included; throws std::runtime_error when it is
// not a ClientHello.
ClientHello parse_client_hello(std::string_view bytes);

struct ServerHello {
  std::string session_id;  // To be echoed.
  std::uint16_t suite = kAes128GcmSha256;
  // In supported_versions; empty leaves the extension out, which selects TLS 1.2.
  std::optional<std::uint16_t> version = kTls13;
  // Group and key; empty leaves the extension out.
  std::optional<std::pair<std::uint16_t, std::string>> key_share;
  // The first pre-shared key that was offered is taken.
  bool resumes = false;
};

std::string server_hello(const ServerHello& hello);
std::string encrypted_extensions();
// Certificates as DER, the leaf first.
std::string certificate(const std::vector<std::string>& chain);

enum class Signer { kServer, kClient };
// What a CertificateVerify signs (section 4.4.3).
std::string to_be_signed(Signer signer, std::string_view transcript_hash);
std::string certificate_verify(std::uint16_t algorithm, std::string_view signature);

std::string finished(std::string_view mac);

// After the handshake.
enum class KeyUpdateRequest : std::uint8_t { kNotRequested = 0, kRequested = 1 };
std::string key_update(KeyUpdateRequest request);
// Every ticket has this nonce (section 4.6.1).
inline constexpr std::string_view kTicketNonce = "nonce";
std::string new_session_ticket(std::string_view ticket);
std::string certificate_request(std::string_view context);
// One as a TLS 1.2 peer may send to renegotiate.
std::string hello_request();
std::string client_hello();

// The rest of a TLS 1.2 server's flight with an anonymous key exchange.
std::string anonymous_server_key_exchange(std::string_view x25519);
std::string server_hello_done();

}  // namespace holdfast::test::tls13
