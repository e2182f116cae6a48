#include "support/hostile_handshake.hpp"

#include <optional>
#include <stdexcept>
#include <utility>

namespace holdfast::test {
namespace {

using namespace tls13;
using Options = HostileTlsOptions;

constexpr std::size_t kMessageHeaderBytes = 4;
constexpr std::uint8_t kCloseNotify = 0;

// The first whole message, or empty.
std::string_view first_message(std::string_view bytes) {
  if (bytes.size() < kMessageHeaderBytes) return {};
  std::size_t size = kMessageHeaderBytes;
  for (std::size_t i = 1; i < kMessageHeaderBytes; ++i) {
    const std::size_t octet = static_cast<unsigned char>(bytes[i]);
    size += octet << (8U * (kMessageHeaderBytes - 1 - i));
  }
  return bytes.size() < size ? std::string_view() : bytes.substr(0, size);
}

}  // namespace

HostileHandshake::HostileHandshake(ScriptedConnection& connection, const HostileTlsOptions& options,
                                   Sessions sessions, Note note)
    : connection_(connection),
      options_(options),
      sessions_(std::move(sessions)),
      note_(std::move(note)),
      records_(connection) {}

void HostileHandshake::run() {
  transcript_ = read_client_hello();
  client_ = parse_client_hello(transcript_);
  look_at_ticket();
  send_flight();
  records_.flush(options_.segment_bytes);

  std::string ignored;
  while (!client_finished_) {
    if (listen(ignored) == Heard::kEnd) return;
  }
  send_ticket();
  TlsPeer peer(*this);
  if (options_.script) options_.script(peer);
  while (listen(ignored) != Heard::kEnd) {
  }
}

std::string HostileHandshake::read_client_hello() {
  std::string bytes;
  while (first_message(bytes).empty()) {
    const auto record = records_.read();
    if (!record || record->type != ContentType::kHandshake) {
      throw std::runtime_error("no ClientHello");
    }
    bytes += record->bytes;
  }
  return bytes;
}

void HostileHandshake::send_in_handshake(std::string_view message) {
  transcript_ += message;
  records_.write(ContentType::kHandshake, message);
}

void HostileHandshake::send_early(Options::EarlyData place) {
  if (options_.early_data != place) return;
  const bool in_clear = place == Options::EarlyData::kClearBeforeServerHello ||
                        place == Options::EarlyData::kClearBeforeFinished;
  if (in_clear) {
    records_.write_in_clear(ContentType::kApplicationData, options_.early_text);
  } else {
    records_.write(ContentType::kApplicationData, options_.early_text);
  }
}

void HostileHandshake::send_flight() {
  send_early(Options::EarlyData::kClearBeforeServerHello);
  if (options_.version == Options::Version::kTls12) return send_tls12_flight();
  use_handshake_keys(send_server_hello());
  send_in_handshake(encrypted_extensions());
  if (session_secret_.empty()) {
    send_certificate();
    send_proof();
  }
  send_early(Options::EarlyData::kClearBeforeFinished);
  send_early(Options::EarlyData::kUnderHandshakeKeys);
  send_finished();
  use_final_keys_for_sending();
  send_early(Options::EarlyData::kAfterFinished);
}

void HostileHandshake::send_tls12_flight() {
  ServerHello hello{client_.session_id, options_.suite, std::nullopt, std::nullopt};
  send_in_handshake(server_hello(hello));
  send_in_handshake(anonymous_server_key_exchange(KeyShare().public_value()));
  send_in_handshake(server_hello_done());
}

// Returns the shared secret that a client has who takes it as it is.
std::string HostileHandshake::send_server_hello() {
  const KeyShare share;
  ServerHello hello{client_.session_id, options_.suite};
  hello.resumes = !session_secret_.empty();
  std::string shared_secret;
  if (hello.resumes && options_.tickets == Options::Tickets::kWithoutExchange) {
    send_in_handshake(server_hello(hello));
    return shared_secret;
  }
  switch (options_.share) {
    case Options::Share::kCorrect:
      hello.key_share = {kX25519, share.public_value()};
      shared_secret = share.shared_secret(client_.x25519);
      break;
    case Options::Share::kMissing:
      break;  // What a client then has for a secret is zeros (CVE-2023-3724).
    case Options::Share::kAllZero:
      shared_secret = std::string(share.public_value().size(), '\0');
      hello.key_share = {kX25519, shared_secret};
      break;
    case Options::Share::kGroupNotOffered:
      hello.key_share = {kSecp521r1, u8(4) + random_bytes(132)};
      break;
  }
  send_in_handshake(server_hello(hello));
  return shared_secret;
}

void HostileHandshake::send_certificate() {
  if (options_.certificate_message == Options::CertificateMessage::kMissing) return;
  send_in_handshake(certificate(options_.chain));
}

void HostileHandshake::send_proof() {
  using Proof = Options::Proof;
  if (options_.proof == Proof::kMissing) return;
  if (options_.proof == Proof::kEmptyMessage) {
    return send_in_handshake(message(MessageType::kCertificateVerify, ""));
  }
  const SigningKey key(options_.key_file);
  const bool pkcs1 = options_.proof == Proof::kPkcs1;
  const Signer signer = options_.proof == Proof::kClientContext ? Signer::kClient : Signer::kServer;
  std::string signature = key.sign(to_be_signed(signer, sha256(transcript_)),
                                   pkcs1 ? SigningKey::Padding::kPkcs1 : SigningKey::Padding::kPss);
  if (options_.proof == Proof::kEmptySignature) signature.clear();
  if (options_.proof == Proof::kFlippedBit)
    signature.back() = static_cast<char>(signature.back() ^ 1);
  const std::uint16_t own_algorithm = pkcs1 ? kRsaPkcs1Sha256 : key.algorithm();
  send_in_handshake(
      certificate_verify(options_.proof_algorithm.value_or(own_algorithm), signature));
}

void HostileHandshake::send_finished() {
  if (options_.finish == Options::Finish::kMissing) return;
  std::string mac = records_.sending->finished(sha256(transcript_));
  if (options_.finish == Options::Finish::kWrongMac) mac.back() = static_cast<char>(mac.back() ^ 1);
  send_in_handshake(finished(mac));
}

std::string HostileHandshake::secret(std::string_view of, std::string_view label) const {
  return expand_label(of, label, sha256(transcript_), kHashBytes);
}

// The first ticket that it offers, if it is one of ours.
void HostileHandshake::look_at_ticket() {
  if (options_.tickets == Options::Tickets::kNone || client_.ticket.empty()) return;
  session_secret_ = sessions_.find(client_.ticket);
  if (!session_secret_.empty()) note_([](HeardFromClient& heard) { heard.resumed = true; });
}

void HostileHandshake::send_ticket() {
  if (options_.tickets == Options::Tickets::kNone || !session_secret_.empty()) return;
  const std::string ticket = random_bytes(options_.ticket_bytes);
  sessions_.keep(ticket, expand_label(resumption_secret_, "resumption", kTicketNonce, kHashBytes));
  records_.write(ContentType::kHandshake, new_session_ticket(ticket));
  records_.flush();
}

// RFC 8446 section 7.1. Without a pre-shared key there are zeros in its place.
void HostileHandshake::use_handshake_keys(std::string_view shared_secret) {
  const std::string early = hkdf_extract("", session_secret_);
  const std::string derived = expand_label(early, "derived", sha256(""), kHashBytes);
  handshake_secret_ = hkdf_extract(derived, shared_secret);
  records_.sending.emplace(secret(handshake_secret_, "s hs traffic"));
  records_.receiving.emplace(secret(handshake_secret_, "c hs traffic"));
}

void HostileHandshake::use_final_keys_for_sending() {
  const std::string derived = expand_label(handshake_secret_, "derived", sha256(""), kHashBytes);
  master_secret_ = hkdf_extract(derived, "");
  records_.sending.emplace(secret(master_secret_, "s ap traffic"));
  final_client_secret_ = secret(master_secret_, "c ap traffic");
}

HostileHandshake::Heard HostileHandshake::listen(std::string& application_data) {
  auto record = records_.read();
  if (!record) return Heard::kEnd;
  if (record->undecipherable) {
    note_([](HeardFromClient& heard) { ++heard.undecipherable_records; });
    return Heard::kOther;
  }
  switch (record->type) {
    case ContentType::kAlert:
      if (record->bytes.size() == 2 && record->bytes[1] != kCloseNotify) {
        const auto description = static_cast<std::uint8_t>(record->bytes[1]);
        note_([description](HeardFromClient& heard) { heard.alert = description; });
      }
      return Heard::kOther;
    case ContentType::kHandshake:
      hear_handshake(record->bytes);
      return Heard::kOther;
    case ContentType::kApplicationData:
      note_([&record](HeardFromClient& heard) { heard.application_data += record->bytes; });
      application_data = std::move(record->bytes);
      return Heard::kApplicationData;
    default:
      return Heard::kOther;
  }
}

void HostileHandshake::hear_handshake(std::string_view bytes) {
  unfinished_message_ += bytes;
  while (true) {
    const std::string message(first_message(unfinished_message_));
    if (message.empty()) return;
    unfinished_message_.erase(0, message.size());
    hear_message(message);
  }
}

void HostileHandshake::hear_message(std::string_view message) {
  const auto type = static_cast<std::uint8_t>(message[0]);
  note_([type](HeardFromClient& heard) { heard.messages.push_back(type); });
  if (type == static_cast<std::uint8_t>(MessageType::kFinished)) hear_finished(message);
  if (type == static_cast<std::uint8_t>(MessageType::kKeyUpdate) && client_finished_) {
    records_.receiving->update();
    note_([](HeardFromClient& heard) { ++heard.key_updates; });
    // 1 is update_requested.
    if (message.back() == 1) TlsPeer(*this).send_key_update(KeyUpdateRequest::kNotRequested);
  }
}

void HostileHandshake::hear_finished(std::string_view message) {
  if (client_finished_ || !records_.receiving) return;
  if (finished(records_.receiving->finished(sha256(transcript_))) != message) return;
  client_finished_ = true;
  resumption_secret_ = expand_label(master_secret_, "res master",
                                    sha256(transcript_ + std::string(message)), kHashBytes);
  records_.receiving.emplace(final_client_secret_);
  note_([](HeardFromClient& heard) { heard.finished = true; });
}

std::size_t TlsPeer::connection() const {
  return handshake_.connection_.number();
}

std::string TlsPeer::receive() {
  std::string data;
  while (true) {
    switch (handshake_.listen(data)) {
      case HostileHandshake::Heard::kEnd:
        return "";
      case HostileHandshake::Heard::kApplicationData:
        if (!data.empty()) return data;
        break;
      case HostileHandshake::Heard::kOther:
        break;
    }
  }
}

bool TlsPeer::send(std::string_view application_data) {
  handshake_.records_.write(ContentType::kApplicationData, application_data);
  return handshake_.records_.flush();
}

bool TlsPeer::send_message(std::string_view message) {
  handshake_.records_.write(ContentType::kHandshake, message);
  return handshake_.records_.flush();
}

bool TlsPeer::send_key_update(KeyUpdateRequest request) {
  const bool sent = send_message(key_update(request));
  handshake_.records_.sending->update();
  return sent;
}

bool TlsPeer::send_alert(Level level, std::uint8_t description) {
  handshake_.records_.write(ContentType::kAlert,
                            u8(static_cast<std::size_t>(level)) + u8(description));
  return handshake_.records_.flush();
}

bool TlsPeer::send_handshake_in_clear(std::string_view message) {
  handshake_.records_.write_in_clear(ContentType::kHandshake, message);
  return handshake_.records_.flush();
}

}  // namespace holdfast::test
