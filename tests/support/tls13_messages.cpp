#include "support/tls13_messages.hpp"

#include <stdexcept>

#include "support/tls13_crypto.hpp"

namespace holdfast::test::tls13 {
namespace {

constexpr std::uint16_t kSignatureAlgorithmsExtension = 13;
constexpr std::uint16_t kSupportedGroupsExtension = 10;
constexpr std::uint16_t kPreSharedKeyExtension = 41;
constexpr std::uint16_t kSupportedVersionsExtension = 43;
constexpr std::uint16_t kKeyShareExtension = 51;
constexpr std::size_t kRandomBytes = 32;

// Takes numbers and vectors off the front of bytes.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  bool done() const { return rest_.empty(); }

  std::string_view take(std::size_t size) {
    if (rest_.size() < size) throw std::runtime_error("a TLS message is too short");
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::size_t number(std::size_t octets) {
    std::size_t value = 0;
    for (const char octet : take(octets)) value = value << 8U | static_cast<unsigned char>(octet);
    return value;
  }

  std::uint16_t number16() { return static_cast<std::uint16_t>(number(2)); }

  Reader vector(std::size_t octets_of_length) { return Reader(take(number(octets_of_length))); }

  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

std::string number(std::size_t value, unsigned octets) {
  std::string bytes;
  while (octets-- > 0) bytes += static_cast<char>(value >> (8U * octets));
  return bytes;
}

std::string find_x25519(Reader shares) {
  while (!shares.done()) {
    const std::uint16_t group = shares.number16();
    const Reader key = shares.vector(2);
    if (group == kX25519) return std::string(key.rest());
  }
  return "";
}

}  // namespace

std::string u8(std::size_t value) {
  return number(value, 1);
}

std::string u16(std::size_t value) {
  return number(value, 2);
}

std::string u24(std::size_t value) {
  return number(value, 3);
}

std::string u32(std::size_t value) {
  return number(value, 4);
}

std::string vector8(std::string_view bytes) {
  return u8(bytes.size()).append(bytes);
}

std::string vector16(std::string_view bytes) {
  return u16(bytes.size()).append(bytes);
}

std::string vector24(std::string_view bytes) {
  return u24(bytes.size()).append(bytes);
}

std::string message(MessageType type, std::string_view body) {
  return u8(static_cast<std::size_t>(type)) + vector24(body);
}

std::string extension(std::uint16_t type, std::string_view body) {
  return u16(type) + vector16(body);
}

ClientHello parse_client_hello(std::string_view bytes) {
  Reader reader(bytes);
  if (reader.number(1) != static_cast<std::size_t>(MessageType::kClientHello)) {
    throw std::runtime_error("the client does not begin with a ClientHello");
  }
  Reader body = reader.vector(3);
  body.take(2 + kRandomBytes);  // legacy_version and random
  ClientHello hello;
  hello.session_id = body.vector(1).rest();
  for (Reader suites = body.vector(2); !suites.done();) hello.suites.push_back(suites.number16());
  body.vector(1);  // compression
  for (Reader extensions = body.vector(2); !extensions.done();) {
    const std::uint16_t type = extensions.number16();
    Reader content = extensions.vector(2);
    hello.extensions.push_back(type);
    hello.contents.emplace_back(content.rest());
    if (type == kKeyShareExtension) hello.x25519 = find_x25519(content.vector(2));
    if (type == kPreSharedKeyExtension) hello.ticket = content.vector(2).vector(2).rest();
  }
  return hello;
}

std::string server_hello(const ServerHello& hello) {
  std::string extensions;
  if (hello.version) extensions += extension(kSupportedVersionsExtension, u16(*hello.version));
  if (hello.key_share) {
    const auto& [group, key] = *hello.key_share;
    extensions += extension(kKeyShareExtension, u16(group) + vector16(key));
  }
  if (hello.resumes) extensions += extension(kPreSharedKeyExtension, u16(0));
  return message(MessageType::kServerHello, u16(kTls12) + random_bytes(kRandomBytes) +
                                                vector8(hello.session_id) + u16(hello.suite) +
                                                u8(0) + vector16(extensions));
}

std::string encrypted_extensions() {
  return message(MessageType::kEncryptedExtensions, vector16(""));
}

std::string certificate(const std::vector<std::string>& chain) {
  std::string entries;
  for (const std::string& der : chain) entries += vector24(der) + vector16("");
  return message(MessageType::kCertificate, vector8("") + vector24(entries));
}

std::string to_be_signed(Signer signer, std::string_view transcript_hash) {
  const std::string_view who = signer == Signer::kServer ? "server" : "client";
  return std::string(64, ' ')
      .append("TLS 1.3, ")
      .append(who)
      .append(" CertificateVerify")
      .append(1, '\0')
      .append(transcript_hash);
}

std::string certificate_verify(std::uint16_t algorithm, std::string_view signature) {
  return message(MessageType::kCertificateVerify, u16(algorithm) + vector16(signature));
}

std::string finished(std::string_view mac) {
  return message(MessageType::kFinished, mac);
}

std::string key_update(KeyUpdateRequest request) {
  return message(MessageType::kKeyUpdate, u8(static_cast<std::size_t>(request)));
}

std::string new_session_ticket(std::string_view ticket) {
  constexpr std::size_t kLifetimeSeconds = 7200;
  constexpr std::size_t kAgeAdd = 0x12345678;
  return message(MessageType::kNewSessionTicket, u32(kLifetimeSeconds) + u32(kAgeAdd) +
                                                     vector8(kTicketNonce) + vector16(ticket) +
                                                     vector16(""));
}

std::string certificate_request(std::string_view context) {
  const std::string algorithms = u16(kEcdsaSecp256r1Sha256) + u16(kRsaPssRsaeSha256);
  return message(
      MessageType::kCertificateRequest,
      vector8(context) + vector16(extension(kSignatureAlgorithmsExtension, vector16(algorithms))));
}

std::string hello_request() {
  return message(MessageType::kHelloRequest, "");
}

std::string client_hello() {
  const std::string extensions =
      extension(kSupportedVersionsExtension, vector8(u16(kTls13))) +
      extension(kSupportedGroupsExtension, vector16(u16(kX25519))) +
      extension(kSignatureAlgorithmsExtension, vector16(u16(kEcdsaSecp256r1Sha256))) +
      extension(kKeyShareExtension, vector16(u16(kX25519) + vector16(KeyShare().public_value())));
  return message(MessageType::kClientHello, u16(kTls12) + random_bytes(kRandomBytes) + vector8("") +
                                                vector16(u16(kAes128GcmSha256)) + vector8(u8(0)) +
                                                vector16(extensions));
}

std::string anonymous_server_key_exchange(std::string_view x25519) {
  constexpr std::size_t kNamedCurve = 3;
  return message(MessageType::kServerKeyExchange, u8(kNamedCurve) + u16(kX25519) + vector8(x25519));
}

std::string server_hello_done() {
  return message(MessageType::kServerHelloDone, "");
}

}  // namespace holdfast::test::tls13
