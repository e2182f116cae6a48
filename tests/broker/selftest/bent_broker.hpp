// A broker that breaks one rule: a mosquitto behind a relay that speaks TLS, takes the packets
// apart and bends what it is told to. Everything else is as mosquitto does it, so that what a check
// says of it is about that one rule.

#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "selftest/relay_tls.hpp"
#include "support/keys.hpp"
#include "support/mosquitto.hpp"
#include "wire/packet.hpp"

struct ssl_ctx_st;
struct ssl_st;

namespace holdfast::broker_test {

/// One connection through the relay, for bends that have to remember something.
struct Passage {
  Version version = Version::v5;
  unsigned number = 0;  ///< of the connection, from 0
  unsigned seen = 0;    ///< free for the bend's use
  std::string client_id;
  bool logs_in = false;  ///< a CONNECT has come
  /// What the client gets in the broker's place.
  std::vector<Bytes> answers{};
  /// What happens once all that goes on has gone on.
  enum class Then { go_on, close, close_everybody };
  Then then = Then::go_on;
};

/// What goes on in the place of a packet: itself, another one, several, or none.
using Bending = std::function<std::vector<Bytes>(const Packet&, Passage&)>;

struct Bend {
  Bending to_broker{};
  Bending to_client{};
  /// Where mosquitto closes, the client is left alone with an open connection.
  bool never_closes = false;
  /// Each connection has ticket keys of its own: no ticket is ever good.
  bool forgets_tickets = false;
  bool gives_no_tickets = false;
  /// Every fifth connection proves this key instead, or those that `tls.proof` names.
  std::optional<test::Identity> other_identity{};
  /// A TLS group that is the only one; empty: OpenSSL's.
  std::string groups{};
  /// Where the client's stream ends within a packet, mosquitto gets it with zeros behind it.
  bool fills_up_what_breaks_off = false;
  /// After so many handshakes that broke off nobody is served any more.
  std::optional<unsigned> bears_broken_handshakes{};
  /// Whose handshake, or whose CONNECT, takes longer is closed.
  std::optional<std::chrono::milliseconds> patience{};
  /// Who speaks MQTT in the clear is served as well.
  bool speaks_plain_too = false;
  /// While one client does not read what is written to it, nobody else gets anything.
  bool writes_to_one_at_a_time = false;
  TlsBend tls{};
};

/// The packet as it came.
Bytes as_it_came(const Packet& packet);

class BentBroker {
 public:
  BentBroker(const test::Identity& identity, Bend bend, test::MosquittoOptions options = {});
  ~BentBroker();
  BentBroker(const BentBroker&) = delete;
  BentBroker& operator=(const BentBroker&) = delete;

  std::uint16_t port() const { return port_; }
  test::Mosquitto& mosquitto() { return mosquitto_; }

 private:
  struct FreeContext {
    void operator()(ssl_ctx_st* context) const;
  };
  using Context = std::unique_ptr<ssl_ctx_st, FreeContext>;

  Context make_context(const test::Identity& identity) const;
  void accept_all();
  void serve(int client, unsigned number);
  /// What the bend wants to be done before any TLS. @return whether the client is dealt with
  bool is_turned_away(int client);
  /// MQTT in the clear.
  void serve_plainly(int client);
  bool write(ssl_st* tls, const std::vector<Bytes>& all);

  Bend bend_;
  test::Identity identity_;
  test::Mosquitto mosquitto_;
  Context context_;
  Context other_context_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> ending_{false};
  std::atomic<unsigned> cuts_{0};  ///< how often everybody's connection was closed
  std::atomic<unsigned> broken_handshakes_{0};
  std::mutex writing_;
  std::mutex mutex_;
  std::vector<std::thread> passages_;
  std::thread accepting_;
};

}  // namespace holdfast::broker_test
