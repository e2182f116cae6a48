// The stage of a check: the broker, names that nobody else uses, clients of every kind, and the
// clearing away of what was left there. A check gets a new one.
//
// Threads: one at a time.

#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <holdfast/options.hpp>

#include "options.hpp"
#include "wire/mqtt_peer.hpp"

namespace holdfast::broker_test {

/// A key that is not pinned was proved by whoever answered. No byte of MQTT went there.
class IdentityRefused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What is known of the broker before the first check.
struct Broker {
  std::vector<Address> addresses;
  Version version = Version::v5;
  std::string server_name;  ///< for SNI; empty where the broker is named by an address
  bool tls_1_3 = true;      ///< without it no device gets in, and the suite takes what there is
  bool loopback = false;
};

class Stage {
 public:
  /// @param run    a name of this run that nobody else has
  /// @param check  the check's id
  Stage(const SuiteOptions& options, const Broker& broker, std::string run,
        const std::string& check, Deadline deadline);

  const SuiteOptions& options() const { return options_; }
  const Broker& broker() const { return broker_; }
  Version version() const { return broker_.version; }
  bool speaks_mqtt5() const { return broker_.version == Version::v5; }
  const Deadline& deadline() const { return deadline_; }
  /// For one answer.
  Clock::duration patience() const { return options_.max_wait; }
  /// How long nothing must come before a check believes that nothing will.
  static constexpr auto kQuiet = std::chrono::milliseconds(500);

  /// PREFIX/RUN/CHECK/NAME.
  std::string topic(const std::string& name = "t") const;
  std::string client_id(const std::string& name = "c") const;

  /// What a device offers; with the operator's certificate.
  TlsOffer tls_offer() const;
  /// A TLS connection to the first address. A full handshake that proves a key without a pin is
  /// `IdentityRefused`.
  std::unique_ptr<TlsPeer> open_tls(const TlsOffer& offer);
  std::unique_ptr<TlsPeer> open_tls() { return open_tls(tls_offer()); }
  std::unique_ptr<TlsPeer> open_tls(const Address& address, const TlsOffer& offer);

  /// A CONNECT with the operator's login, this check's client id, clean, and the broker's version.
  Connect login(const std::string& name = "c") const;
  /// A peer on a new connection that has not logged in.
  std::unique_ptr<MqttPeer> open();
  std::unique_ptr<MqttPeer> open(Version version);
  /// The same, logged in. What outlives it (a session, a retained message) has to be noted.
  std::unique_ptr<MqttPeer> log_in(const std::string& name = "c");
  std::unique_ptr<MqttPeer> log_in(const Connect& packet);

  /// Options of the SDK's own device, with `state_dir` empty.
  Options device_options(const std::string& name = "c") const;

  /// A session that the broker keeps is thrown away when the check is over.
  void note_session(const std::string& client_id) { sessions_.insert(client_id); }
  /// A retained message likewise.
  void note_retained(const std::string& topic) { retained_.insert(topic); }
  /// For a bar on a terminal; from any thread.
  void progress(unsigned done, unsigned all) const {
    if (on_progress_) on_progress_(done, all);
  }
  void on_progress(std::function<void(unsigned, unsigned)> show) { on_progress_ = std::move(show); }
  /// Clears away; what does not work is told. Never throws.
  std::vector<std::string> clear_away();

 private:
  const SuiteOptions& options_;
  const Broker& broker_;
  std::string run_;
  std::string name_;
  Deadline deadline_;
  std::set<std::string> sessions_;
  std::set<std::string> retained_;
  std::function<void(unsigned, unsigned)> on_progress_;
};

}  // namespace holdfast::broker_test
