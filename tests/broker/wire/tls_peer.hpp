// A TLS connection of a test client. Any version, suite and group can be asked for, and nothing is
// judged: what the broker proved is told, and the checks judge it. Not for anything but tests.
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
#include <vector>

#include "pinning/pin.hpp"
#include "resumption/ticket.hpp"
#include "wire/address.hpp"
#include "wire/packet.hpp"

struct WOLFSSL;
struct WOLFSSL_CTX;
struct WOLFSSL_SESSION;
struct WOLFSSL_X509_STORE_CTX;

namespace holdfast::broker_test {

/// A saved session, with the lifetime that the broker told.
using Ticket = resumption::NewTicket;

/// Where records of TLS begin and end in what comes (RFC 8446 section 5.1).
class RecordFollower {
 public:
  void feed(std::span<const std::uint8_t> bytes);
  std::size_t records() const { return records_; }
  /// Of the last whole one, its header included.
  std::size_t last_bytes() const { return last_bytes_; }

 private:
  std::array<std::uint8_t, 5> header_{};
  std::size_t header_bytes_ = 0;
  std::size_t body_left_ = 0;
  std::size_t records_ = 0;
  std::size_t last_bytes_ = 0;
};

enum class TlsVersions { only_1_3, only_1_2, both };

struct TlsOffer {
  TlsVersions versions = TlsVersions::only_1_3;
  std::string server_name{};  ///< SNI; empty: none
  std::string alpn{};
  std::string suites{};        ///< wolfSSL's names with colons between; empty: all usual ones
  std::optional<int> group{};  ///< wolfSSL's number of the only one; empty: X25519 and P-256
  const Ticket* ticket = nullptr;
  bool damage_ticket = false;      ///< offers it with a byte that is another one
  std::string certificate_file{};  ///< the client's own, PEM
  std::string key_file{};
};

/// What the handshake has shown.
struct TlsFacts {
  std::string version;
  std::string suite;
  std::string group;
  std::vector<Bytes> chain;         ///< DER, the leaf first; empty when resumed
  std::optional<pinning::Pin> pin;  ///< of the leaf's key, if it can be read
  bool resumed = false;
  std::size_t handshake_bytes_up = 0;
  std::size_t handshake_bytes_down = 0;
};

class TlsPeer {
 public:
  /// Connects and shakes hands. @throws PeerError
  TlsPeer(const Address& address, const TlsOffer& offer, Deadline deadline);
  ~TlsPeer();
  TlsPeer(const TlsPeer&) = delete;
  TlsPeer& operator=(const TlsPeer&) = delete;

  const TlsFacts& facts() const { return facts_; }

  /// @throws PeerError
  void write(std::span<const std::uint8_t> bytes, Deadline deadline);
  /// What has come; at least a byte. @throws PeerError, also `time_up`
  Bytes read(Deadline deadline);

  /// How many tickets came so far, and the TLS bytes that they took; complete after a `read`.
  std::size_t tickets() const { return tickets_; }
  std::size_t ticket_bytes() const { return ticket_bytes_; }
  /// The newest one.
  std::optional<Ticket> ticket() const;

  std::size_t tls_bytes_up() const { return bytes_up_; }
  std::size_t tls_bytes_down() const { return bytes_down_; }
  int socket() const { return socket_.get(); }

  /// A close in order, as far as the broker lets it.
  void close();
  /// The connection breaks, without a word to the broker.
  void reset();

 private:
  static int send(WOLFSSL* session, char* bytes, int count, void* self);
  static int receive(WOLFSSL* session, char* bytes, int count, void* self);
  static int look_at_certificate(int accepted, WOLFSSL_X509_STORE_CTX* store);
  static int count_ticket(WOLFSSL* session, WOLFSSL_SESSION* ticket);

  void configure(const TlsOffer& offer);
  void shake_hands(Deadline deadline);
  void wait(int error, Deadline deadline);
  [[noreturn]] void fail(int error);

  struct FreeContext {
    void operator()(WOLFSSL_CTX* context) const;
  };
  struct FreeSession {
    void operator()(WOLFSSL* session) const;
  };

  std::string name_;
  Descriptor socket_;
  std::unique_ptr<WOLFSSL_CTX, FreeContext> context_;
  std::unique_ptr<WOLFSSL, FreeSession> session_;
  TlsFacts facts_;
  std::size_t bytes_up_ = 0;
  std::size_t bytes_down_ = 0;
  RecordFollower records_;
  std::size_t tickets_ = 0;
  std::size_t ticket_record_ = 0;  // the last one that brought a ticket
  std::size_t ticket_bytes_ = 0;
  bool end_came_ = false;
  bool was_reset_ = false;
};

}  // namespace holdfast::broker_test
