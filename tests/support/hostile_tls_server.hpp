#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/keys.hpp"
#include "support/scripted_server.hpp"
#include "support/tls13_messages.hpp"

namespace holdfast::test {

class HostileTlsServer;
class HostileHandshake;

// What one client has sent, as far as it can be read.
struct HeardFromClient {
  bool finished = false;         // Its Finished came, with the right MAC.
  std::string application_data;  // Decrypted; this is where MQTT would be.
  // Records of application data that no key opens which the client should have:
  // what it was, nobody can say.
  std::size_t undecipherable_records = 0;
  // Types of its handshake messages after the ClientHello, in their order.
  std::vector<std::uint8_t> messages;
  bool resumed = false;  // Its ticket was taken.
  std::size_t key_updates = 0;
  std::optional<std::uint8_t> alert;  // The last one that is not close_notify.
  bool ended = false;                 // The connection is over.

  // True when it gave nothing away: no application data, readable or not.
  bool told_nothing() const { return application_data.empty() && undecipherable_records == 0; }
};

// TlsPeer is the server's end of a connection after the handshake, as a script
// sees it. Members return false or empty when the client is gone.
class TlsPeer {
 public:
  explicit TlsPeer(HostileHandshake& handshake) : handshake_(handshake) {}

  std::size_t connection() const;  // 0 is the first client.

  // The next application data. Answers KeyUpdates of the client meanwhile.
  std::string receive();
  bool send(std::string_view application_data);
  // A handshake message, sealed as all others.
  bool send_message(std::string_view message);
  // Sends KeyUpdate and then really changes the keys.
  bool send_key_update(tls13::KeyUpdateRequest request);
  enum class Level : std::uint8_t { kWarning = 1, kFatal = 2 };
  bool send_alert(Level level, std::uint8_t description);
  // A record without any protection, in the middle of a sealed connection.
  bool send_handshake_in_clear(std::string_view message);

 private:
  HostileHandshake& handshake_;
};

// Defaults make a correct server.
struct HostileTlsOptions {
  enum class CertificateMessage { kSent, kMissing };
  enum class Proof {
    kCorrect,
    kMissing,         // No CertificateVerify.
    kFlippedBit,      // In the last octet of the signature.
    kEmptySignature,  // The algorithm, and a signature of no octets.
    kEmptyMessage,    // A body of no octets.
    kClientContext,   // Signs as a client would.
    kPkcs1,           // The RSA padding that TLS 1.3 has done away with.
  };
  enum class Version {
    kTls13,
    kTls12,  // A ServerHello without supported_versions, an anonymous key exchange.
  };
  enum class Share {
    kCorrect,
    kMissing,
    kAllZero,          // The point of which every shared secret is zero.
    kGroupNotOffered,  // secp521r1
  };
  enum class Finish { kCorrect, kMissing, kWrongMac };
  enum class EarlyData {
    kNone,
    kClearBeforeServerHello,
    kClearBeforeFinished,
    kUnderHandshakeKeys,  // Before the server's Finished.
    kAfterFinished,       // Under its final keys, not waiting for the client's Finished: allowed.
  };

  // DER, the leaf first; any bytes.
  std::vector<std::string> chain;
  // PEM, P-256 or RSA: makes the CertificateVerify. It need not be the leaf's.
  std::filesystem::path key_file;
  CertificateMessage certificate_message = CertificateMessage::kSent;
  Proof proof = Proof::kCorrect;
  // Named in the CertificateVerify in place of the one that belongs to the key.
  std::optional<std::uint16_t> proof_algorithm{};
  Version version = Version::kTls13;
  std::uint16_t suite = tls13::kAes128GcmSha256;
  Share share = Share::kCorrect;
  Finish finish = Finish::kCorrect;
  EarlyData early_data = EarlyData::kNone;
  std::string early_text{};
  // Tickets, one after each full handshake, and what it makes of them. It does not look at binders.
  enum class Tickets {
    kNone,
    kWithExchange,     // Resumes with a new exchange of keys (psk_dhe_ke).
    kWithoutExchange,  // Resumes on the ticket's secret alone (psk_ke).
  };

  Tickets tickets = Tickets::kNone;
  std::size_t ticket_bytes = 32;
  // The flight goes out in segments of at most so many octets; 0 is all at once.
  std::size_t segment_bytes = 0;
  // Runs after the client's Finished. When it returns (or is empty), the server
  // says nothing more and listens until the client closes.
  std::function<void(TlsPeer&)> script{};
};

// A correct server of this identity, with its intermediates.
HostileTlsOptions correct_server(const Identity& identity);

// HostileTlsServer is a TLS 1.3 server of the tests' own, on an ephemeral port of
// 127.0.0.1, that breaks the protocol where it is told to. It serves any number
// of clients, each in a thread of its own, and writes down what they send.
class HostileTlsServer {
 public:
  explicit HostileTlsServer(HostileTlsOptions options);

  std::uint16_t port() const { return server_.port(); }
  // One for each client, in the order of connecting.
  std::vector<HeardFromClient> heard() const;
  // The predicate gets all that was heard so far, under the lock.
  bool wait_for(const std::function<bool(const std::vector<HeardFromClient>&)>& predicate,
                std::chrono::milliseconds bound) const;
  // Waits until the first `count` connections are over.
  bool wait_for_ended(std::size_t count, std::chrono::milliseconds bound) const;

 private:
  friend class HostileHandshake;

  void serve(ScriptedConnection& connection);
  // Secrets by their tickets.
  void keep(const std::string& ticket, std::string secret);
  std::string secret_of(const std::string& ticket) const;
  void note(std::size_t connection, const std::function<void(HeardFromClient&)>& change);

  const HostileTlsOptions options_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<HeardFromClient> heard_;
  std::map<std::string, std::string> sessions_;
  ScriptedServer server_;  // Last: its threads use all of the above.
};

}  // namespace holdfast::test
