// The broker of a world: as much of MQTT 5 as its devices can tell (sessions, subscriptions,
// retained messages, wills, QoS 0 to 2), what has come, and the faults that a test has asked for.
//
// Threads: the world's own.

#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <holdfast/testing.hpp>

#include "base/clock.hpp"
#include "pinning/pin.hpp"
#include "testing/line.hpp"
#include "testing/packets.hpp"

namespace holdfast::testing {

class WorldState;

class ScriptedBroker {
 public:
  explicit ScriptedBroker(WorldState& world);

  Broker& face() { return face_; }

  // --- For the network ---

  bool listens() const { return listens_; }
  bool is_silent() const { return silent_; }
  /// The key that it proves; empty: one that the device has pinned.
  const std::optional<pinning::Pin>& key() const { return key_; }
  /// What came in one burst; it is answered in one.
  void receive(const std::shared_ptr<Line>& line, const std::vector<Upward>& packets);
  /// The connection is over, and the device has not said so.
  void lost(const Line& line);

  // --- For the script: as in `Broker` ---

  const std::vector<Published>& arrived() const { return arrived_; }
  void forget_arrived() { arrived_.clear(); }
  const std::vector<LoggedIn>& logins() const { return logins_; }
  bool is_connected(std::string_view client_id) const;
  std::vector<std::string> subscriptions(std::string_view client_id) const;
  std::optional<Published> retained(std::string_view topic) const;
  void on_published(std::function<void(const Published&)> handler);
  std::size_t deliver(Message message, std::optional<std::chrono::seconds> expiry);
  void prove(std::optional<pinning::Pin> key) { key_ = key; }
  void lose_acknowledgements(unsigned count) { lose_ += count; }
  void set_silent(bool silent) { silent_ = silent; }
  void end_connections(std::optional<Refusal> why);
  void set_listening(bool listens);
  void forget_sessions();
  void refuse(std::string_view filter, int code);
  void refuse_subscription(std::string_view filter, int code);
  void refuse_logins(Refusal why) { login_refusal_ = std::move(why); }
  void accept_all();
  void grant(const Grants& grants) { grants_ = grants; }

 private:
  struct Subscription {
    std::string filter;
    Qos qos;
  };
  struct Session {
    mqtt_engine::Login login;
    std::shared_ptr<Line> line;  // null while the device is away
    std::vector<Subscription> subscriptions;
    std::deque<Delivered> unconfirmed;  // QoS 1 and 2, also those that wait for the device
    std::set<std::uint16_t> received;   // QoS 2, and not released
    std::uint64_t last_number = 0;
    std::uint64_t generation = 0;  // of the login
    Instant heard{};
  };
  using Answers = std::vector<Downward>;

  Session* session_of(const Line& line);
  /// @return false: the connection is broken, and nothing of it is answered
  bool take(Session& session, const Upward& packet, Answers& answers);
  Session* log_in(const std::shared_ptr<Line>& line, const Connect& connect, Answers& answers);
  bool take_publish(Session& session, const Publish& publish, Answers& answers);
  void take_subscribe(Session& session, const Subscribe& subscribe, Answers& answers);
  void part(Session& session, bool with_will);
  void watch(const std::string& client_id, std::uint64_t generation, std::chrono::seconds limit);
  void note(Published published);
  std::size_t route(const Message& message, std::optional<std::chrono::seconds> expiry);
  static void hand(Session& session, Message message, std::optional<std::chrono::seconds> expiry,
                   Answers& answers);
  mqtt_engine::Granted granted(bool session_present) const;

  WorldState& world_;
  Broker face_;
  std::map<std::string, Session, std::less<>> sessions_;
  std::map<std::string, std::pair<Message, Published>, std::less<>> retained_;
  std::vector<Published> arrived_;
  std::vector<LoggedIn> logins_;
  std::function<void(const Published&)> handler_;

  std::optional<pinning::Pin> key_;
  bool listens_ = true;
  bool silent_ = false;
  unsigned lose_ = 0;
  std::vector<std::pair<std::string, int>> refused_;
  std::vector<std::pair<std::string, int>> refused_filters_;
  std::optional<Refusal> login_refusal_;
  Grants grants_;
};

}  // namespace holdfast::testing
