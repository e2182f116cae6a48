// One TLS connection without a socket: cipher text is fed in and taken out, and the verdict on the
// peer's key is made here.
//
// The verdict has two halves, and both are needed. wolfSSL calls the verify callback when it has
// parsed the certificate, before the peer has proved that it owns the key (CertificateVerify): a
// pin that matches there is half a verdict. The other half is that the handshake finished.
//
// With TrustMode::pinned the leaf's key is the identity and nothing else counts. With pinned_and_ca
// wolfSSL's verdict on chain, name and dates must be good, our own must be, too (ca_path.hpp,
// peer_name.hpp), and a pin must match the leaf's key or one on the path that we walked.
//
// A resumed handshake shows no certificate: the server proves that it knows the secret of an
// earlier session, and so rests on the keys that were proven then. They are judged again, by the
// keys of today. wolfSSL does not call the verify callback for it, so the verdict is: the handshake
// finished, wolfSSL says that it was resumed, we had offered a ticket whose keys are trusted, keys
// were exchanged, and no certificate was looked at. If one was, its verdict alone counts.
//
// Threads: one at a time.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/failure.hpp"
#include "channel/peer_name.hpp"
#include "channel/server_hello.hpp"
#include "channel/tls_context.hpp"
#include "pinning/trusted_keys.hpp"
#include "resumption/ticket.hpp"

struct WOLFSSL;
struct WOLFSSL_SESSION;
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

  /// @param host the broker's, a name or an IP literal; a name goes into SNI, and with
  /// pinned_and_ca the certificate must be made out for it. Empty: no SNI, and no such certificate.
  TlsSession(const TlsContext& context, std::string_view host, pinning::SharedKeys keys);

  /// Offers this ticket in the handshake that has not begun yet. Whether the ticket may be used at
  /// all (its binding, its age) is the caller's to know. @return false if the keys do not trust it
  /// or wolfSSL does not take it: the handshake will be a full one.
  bool offer(const resumption::Ticket& ticket);

  /// Cipher text from the peer.
  void feed(std::span<const std::uint8_t> cipher_text);

  /// Goes on with the handshake as far as the input allows.
  Step handshake(Failure& failure);

  /// True once, and only once, both halves of the verdict are positive.
  bool verified() const { return finished_ && vouching_.has_value(); }
  /// A ticket of ours was taken; only after `verified`.
  bool resumed() const { return resumed_; }
  /// A ticket came that was not taken yet; look after `read`.
  bool has_ticket() const { return ticket_came_; }
  /// The newest ticket that came since the last call.
  std::optional<resumption::NewTicket> take_ticket();
  /// The pin that matched, and from which set; only after `verified`.
  const pinning::TrustedKeys::Match& vouching() const { return *vouching_; }
  /// The digest of the leaf's key, as soon as it was seen and whatever the verdict.
  const std::optional<pinning::Pin>& seen_pin() const { return seen_; }
  /// The leaf's key, if it was refused for want of a pin and not for the certificate's own sake.
  std::optional<pinning::Pin> refused_pin() const;
  /// The keys that may vouch: the leaf's, and with pinned_and_ca those on the validated path above
  /// it, in this order. Empty before the certificate was judged, or where the path is not valid.
  const std::vector<pinning::Pin>& proven_pins() const { return proven_; }

  /// Encrypts; what does not fit into one record becomes several. Refused before `verified`.
  Failure write(std::span<const std::byte> plain_text);
  Read read(std::span<std::byte> plain_text);

  /// Puts a close_notify into the output.
  void close_notify();

  /// Cipher text for the peer. The caller erases what it has sent with `sent`.
  std::span<const std::uint8_t> output() const;
  void sent(std::size_t bytes);

  std::uint64_t records_written() const { return records_written_; }
  /// Bytes of the peer's records that were not for the app: of the handshake and of the end of the
  /// connection, and of those in between, which bring tickets and new keys.
  std::uint64_t handshake_bytes_down() const { return handshake_bytes_down_; }
  std::uint64_t ticket_bytes_down() const { return ticket_bytes_down_; }
  /// The peer has sent at least one byte.
  bool heard_anything() const { return heard_anything_; }

 private:
  struct Free {
    void operator()(WOLFSSL* session) const;
  };

  static int verify(int preverified, WOLFSSL_X509_STORE_CTX* store);
  void guard_certificate_requests();
  void offer_protocol();
  void follow_records(std::span<const std::uint8_t> cipher_text);
  static int on_certificate_request(WOLFSSL* session, void*);
  static int on_ticket(WOLFSSL* session, WOLFSSL_SESSION*);
  static int receive(WOLFSSL* session, char* buffer, int size, void* self);
  static int send(WOLFSSL* session, char* buffer, int size, void* self);

  bool judge(const WOLFSSL_X509_STORE_CTX& store);
  bool judge_leaf(const WOLFSSL_X509_STORE_CTX& store);
  std::vector<Certificate> walk(const WOLFSSL_X509_STORE_CTX& store);
  bool judge_path(const WOLFSSL_X509_STORE_CTX& store);
  bool match_pins();
  Failure judge_handshake();
  Failure explain(int result);

  const TlsPolicy policy_;
  const PeerName peer_;
  const pinning::SharedKeys keys_;
  std::unique_ptr<WOLFSSL, Free> session_;
  std::vector<std::uint8_t> input_;
  std::size_t input_read_ = 0;
  std::vector<std::uint8_t> output_;
  std::size_t output_sent_ = 0;
  std::optional<pinning::Pin> seen_;                     // the leaf's key, whatever the verdict
  std::vector<pinning::Pin> proven_;                     // keys that may vouch, leaf first
  std::optional<pinning::TrustedKeys::Match> vouching_;  // half a verdict
  std::string refusal_;                                  // why the callback said no
  bool objected_ = false;                                // wolfSSL said no, which is final
  bool finished_ = false;                                // the other half
  bool heard_anything_ = false;
  bool begun_ = false;                 // wolfSSL has taken the first bytes
  std::vector<pinning::Pin> offered_;  // what the ticket that was offered rests on; empty: none was
  ServerHelloReader answer_;           // with a ticket offered
  bool judged_ = false;                // a certificate was looked at
  bool resumed_ = false;
  bool ticket_came_ = false;
  std::uint64_t records_written_ = 0;
  // The records that wolfSSL has taken: their headers tell where they end.
  std::array<std::uint8_t, 5> record_header_{};
  std::size_t record_at_ = 0;    // bytes of the present one
  std::size_t whole_bytes_ = 0;  // of whole ones since the last look
  std::size_t last_whole_ = 0;   // the last of them
  std::uint64_t handshake_bytes_down_ = 0;
  std::uint64_t ticket_bytes_down_ = 0;
};

}  // namespace holdfast::channel
