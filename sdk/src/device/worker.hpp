// The worker: everything that happens on the SDK's I/O thread. It feeds the session's state
// machine, carries its actions out, and moves messages from the outbox to the link.
//
// Threads: constructed anywhere; then the io_context's thread only, but for `notify`.

#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <holdfast/status.hpp>

#include "base/clock.hpp"
#include "device/address_keeper.hpp"
#include "device/broker_paths.hpp"
#include "device/budget_keeper.hpp"
#include "device/check_options.hpp"
#include "device/environment.hpp"
#include "device/ledger_keeper.hpp"
#include "device/line_keeper.hpp"
#include "device/link.hpp"
#include "device/presence_keeper.hpp"
#include "device/sender.hpp"
#include "device/session_keeper.hpp"
#include "device/shared.hpp"
#include "device/state_keepers.hpp"
#include "device/ticket_keeper.hpp"
#include "device/trust_keeper.hpp"
#include "device/trusted_time.hpp"
#include "observe/traces.hpp"
#include "session/session.hpp"

namespace holdfast::device {

class Worker {
 public:
  /// `finished` is called once, when the session has ended for good.
  Worker(asio::io_context& io, const Settings& settings, Shared& shared, StateKeepers& states,
         session::Random random, std::function<void(bool clean)> finished);
  ~Worker();

  void start();
  void stop(Instant deadline);
  /// The time for a clean stop is over.
  void force_stop();

  /// Something changed that the worker should look at: a message, a subscription. Any thread.
  void notify();

  void offer_pin_set(std::span<const std::uint8_t> document, const std::string& source);
  void set_time(std::chrono::system_clock::time_point wall);

  Status status();
  observe::Traces& traces() { return traces_; }
  /// When the session's state became what it is.
  Instant in_state_since() const { return state_since_; }

  // For a world without threads, which has no timer either.
  /// When the time comes to `ring`; empty: never.
  std::optional<Instant> alarm() const { return over_ ? std::nullopt : armed_for_; }
  /// Looks at what is due. @return false: it is not time yet
  bool ring();

 private:
  class Gate;
  /// With whom the session is, or is being made: the broker of the options, one that it has named,
  /// or the one that brings pin sets.
  enum class With { broker, referred, recovery };

  /// The pin sets' own subscription; those of the app count from 1.
  static constexpr std::uint64_t kPinSetSubscription = 0;

  Instant now() const { return environment_.now(); }

  void act();
  void carry_out(const session::Dial& dial);
  void carry_out(const session::Login& login);
  void carry_out(session::Ping);
  void carry_out(const session::Probe& probe);
  void carry_out(session::Close);
  void carry_out(const session::Abort& abort);
  void carry_out(const session::Wait& wait);
  void carry_out(const session::Rest& rest);
  void carry_out(const session::Referred& referred);
  void carry_out(session::Duplicate duplicate);
  void carry_out(const session::Finished& finished);

  LinkEvents link_events();
  std::string traced_name() const;
  void dialled(std::shared_ptr<Connection> connection, const Failure& failure);
  void logged_in(const mqtt_engine::Granted& granted);
  void ended(const Failure& failure);
  void subscribed(std::uint64_t id, int code);
  void arrived(const Message& message);

  Dialler::Events dialler_events();
  BrokerPaths::Events path_events();
  Failure why_not_dial();
  bool trusts(const TrustKeeper::Pins& proven);
  resumption::Moment moment() const;
  void cancel_dial();
  void watch_network();
  void network_changed(channel::NetworkChanges::Seen seen);
  Dialler& dialler_to(const std::string& reference);
  void referred(std::string reference);
  void subscribe_to_pin_sets(bool session_present);
  mqtt_engine::Login login_for(const session::Login& login) const;
  std::string broker_name() const;
  void pin_sets_subscribed(int code);
  void take_pin_set(const Message& message);
  void end_distrusted(std::uint64_t version);
  void renew(const std::string& why);
  void look_at_deadlines();
  void look_at_budget();
  void report_pins();
  void tell_the_time();
  void look_at_ledger();
  void look_at_presence();

  void look();
  void subscribe(bool all, bool session_present);
  void drop_link();
  void update_load();
  void arm_timer(std::optional<Instant> next);
  bool wants_to_be_reached() const;

  asio::io_context& io_;
  const Settings& settings_;
  Shared& shared_;
  StateKeepers& states_;
  Environment& environment_;
  std::function<void(bool)> finished_;
  session::Session session_;
  session::Random random_;
  TrustedTime time_;  // before those that read it
  TrustKeeper trust_;
  BudgetKeeper budget_;
  std::optional<Instant> budget_looked_at_;
  std::optional<Instant> budget_due_;  // something has happened since
  SessionKeeper sessions_;
  TicketKeeper tickets_;
  AddressKeeper addresses_;
  observe::Traces traces_;
  LedgerKeeper ledger_;
  PresenceKeeper presence_;
  BrokerPaths paths_;
  std::unique_ptr<Dialler> recovery_dialler_;
  std::shared_ptr<void> network_watch_;
  std::unique_ptr<Dialler> referred_dialler_;
  std::string referred_to_;  // of `referred_dialler_`
  std::string reference_;    // the broker has named another one on this connection
  LineKeeper lines_;
  asio::steady_timer timer_;
  std::optional<Instant> armed_for_;
  std::shared_ptr<Gate> gate_;
  std::atomic<bool> notified_{false};

  std::shared_ptr<Link> link_;
  std::shared_ptr<Connection> dialled_;  // verified, and waiting for the login
  std::string address_;
  std::string vouching_pin_;
  TrustKeeper::Pins proven_pins_;  // what the connection rests on; empty without one
  bool tls_resumed_ = false;       // the connection has proven them in an earlier one
  With with_ = With::broker;
  std::optional<Instant> prove_at_;    // a new pin set waits for its proof
  std::optional<Instant> visit_ends_;  // the recovery broker has until then
  Sender sender_;
  std::optional<std::size_t> subscribed_at_;  // the broker; none yet in this process
  bool network_news_ = false;                 // something appeared while an attempt was under way
  bool up_ = false;                           // logged in
  State state_ = State::idle;                 // as it was when the last action was done
  Instant state_since_;
  bool acting_ = false;
  bool over_ = false;
};

}  // namespace holdfast::device
