// One TLS connection without a socket: cipher text is fed in and taken out, and the verdict on the
// peer's key is made here.
//
// The verdict has two halves, and both are needed. wolfSSL calls the verify callback when it has
// parsed the certificate, before the peer has proved that it owns the key (CertificateVerify): a
// pin that matches there is half a verdict. The other half is that the handshake finished.
//
// Threads: one at a time.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/failure.hpp"
#include "channel/tls_context.hpp"
#include "pinning/trusted_keys.hpp"

struct WOLFSSL;
struct WOLFSSL_X509_STORE_CTX;

namespace holdfast::channel {

class TlsSession {
 public:
  enum class Step { need_input, verified, failed };

  struct Read {
    std::size_t bytes = 0;  ///< 0 and no failure and not closed: more input is needed
    bool closed = false;    ///< the peer's close_notify
    Failure failure;
  };

  /// @param server_name for SNI; empty for an IP literal. `context` must outlive this.
  TlsSession(const TlsContext& context, const std::string& server_name, pinning::SharedKeys keys);

  /// Cipher text from the peer.
  void feed(std::span<const std::uint8_t> cipher_text);

  /// Goes on with the handshake as far as the input allows.
  Step handshake(Failure& failure);

  /// True once, and only once, both halves of the verdict are positive.
  bool verified() const { return finished_ && vouching_.has_value(); }
  /// The pin that matched, and from which set; only after `verified`.
  const pinning::TrustedKeys::Match& vouching() const { return *vouching_; }
  /// The digest of the leaf's key, as soon as it was seen and whatever the verdict.
  const std::optional<pinning::Pin>& seen_pin() const { return seen_; }

  /// Encrypts; what does not fit into one record becomes several. Refused before `verified`.
  Failure write(std::span<const std::byte> plain_text);
  Read read(std::span<std::byte> plain_text);

  /// Puts a close_notify into the output.
  void close_notify();

  /// Cipher text for the peer. The caller erases what it has sent with `sent`.
  std::span<const std::uint8_t> output() const;
  void sent(std::size_t bytes);

  std::uint64_t records_written() const { return records_written_; }
  /// The peer has sent at least one byte.
  bool heard_anything() const { return heard_anything_; }

 private:
  struct Free {
    void operator()(WOLFSSL* session) const;
  };

  static int verify(int preverified, WOLFSSL_X509_STORE_CTX* store);
  static int on_certificate_request(WOLFSSL* session, void*);
  static int receive(WOLFSSL* session, char* buffer, int size, void* self);
  static int send(WOLFSSL* session, char* buffer, int size, void* self);

  bool judge_leaf(const WOLFSSL_X509_STORE_CTX& store);
  Failure explain(int result);

  const pinning::SharedKeys keys_;
  std::unique_ptr<WOLFSSL, Free> session_;
  std::vector<std::uint8_t> input_;
  std::size_t input_read_ = 0;
  std::vector<std::uint8_t> output_;
  std::size_t output_sent_ = 0;
  std::optional<pinning::Pin> seen_;                     // the leaf's key, whatever the verdict
  std::optional<pinning::TrustedKeys::Match> vouching_;  // half a verdict
  std::string refusal_;                                  // why the callback said no
  bool finished_ = false;                                // the other half
  bool heard_anything_ = false;
  bool begun_ = false;  // wolfSSL has taken the first bytes
  std::uint64_t records_written_ = 0;
};

}  // namespace holdfast::channel
