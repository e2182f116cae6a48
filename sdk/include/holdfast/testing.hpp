// A world for the tests of an app: the real Device, on a clock that the test moves, with a broker
// that the test scripts. Link holdfast::testing. docs/guides/testing.md goes through it.
//
//   holdfast::testing::World world;
//   auto device = world.device(world.options("truck-17"));
//   App app(device);
//   device.start();
//   world.advance(5min);
//   EXPECT_EQ(world.broker().published("truck/17/r").size(), 1);
//
// What runs is the code that ships: options checks, outbox and its file, batching, budget, session,
// backoff, subscriptions, streams, commands, state documents, trust, ledger. What stands in for the
// outside is the network from TCP upwards: there is no socket, no TLS and no Paho, and no name is
// looked up. Resumed TLS sessions, proxies and client certificates are not acted out. The bytes of
// the ledger are those of the model by which `holdfast plan` reckons, not measured ones.
//
// Time stands still but for `advance`, `advance_until`, and what waits: `Device::stop`, `drain`,
// `flush` and `~Device`. Nothing sleeps, and what happens is the same in each run.
//
// Threads: one, to which the world and its devices belong. Handlers run on it, within the calls
// that move time. Other threads may publish, at the price of what comes first.
//
// The world has to outlive its devices. Nothing here is meant for an app that is not under test.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/device.hpp>

namespace holdfast::testing {

class ScriptedBroker;
class WorldState;

/// Why a broker declines: MQTT 5's reason codes (section 2.4).
enum class Reason : std::uint8_t {
  unspecified = 0x80,
  client_id_refused = 0x85,
  bad_credentials = 0x86,
  not_authorised = 0x87,
  server_unavailable = 0x88,
  server_busy = 0x89,
  banned = 0x8A,
  shutting_down = 0x8B,
  topic_invalid = 0x90,
  packet_too_large = 0x95,
  quota_exceeded = 0x97,  ///< of a message: it is put off, and sent again
  payload_format_invalid = 0x99,
  use_another_server = 0x9C,
  server_moved = 0x9D,
};

/// A message that reached the broker.
struct Published {
  std::string client_id;
  std::string topic;
  std::vector<std::byte> payload;
  Qos qos = Qos::at_most_once;
  Retain retain = Retain::no;
  std::uint16_t packet_id = 0;  ///< 0 at QoS 0; a second copy has that of the first
  bool again = false;           ///< it says of itself that it may be a second copy (DUP)
  std::optional<std::chrono::seconds> expires_in;
  std::string content_type;
  std::string response_topic;
  std::vector<std::byte> correlation_data;
  std::chrono::steady_clock::time_point at;  ///< by the world's clock
  std::optional<Reason> refused;             ///< the broker declined it

  std::string text() const { return std::string(as_text(payload)); }
};

/// A login that the broker let in.
struct LoggedIn {
  std::string client_id;
  std::string username;
  bool clean_start = false;
  bool session_present = false;  ///< the broker still had the session
  std::chrono::seconds keep_alive{0};
  std::chrono::steady_clock::time_point at;
};

struct DeliverOptions {
  Qos qos = Qos::at_least_once;  ///< at most what the subscription asked for
  Retain retain = Retain::no;    ///< `yes`: also for those who subscribe later
  std::string content_type{};
  std::string response_topic{};
  std::vector<std::byte> correlation_data{};
  std::optional<std::chrono::seconds> expires_in{};
};

/// What the broker tells with the login that it grants; empty: no limit.
struct Grants {
  std::optional<std::chrono::seconds> server_keep_alive{};
  std::optional<std::uint16_t> receive_maximum{};
  std::optional<std::size_t> maximum_packet_bytes{};
  Retain retain = Retain::yes;  ///< `no`: it takes no retained messages
  Qos maximum_qos = Qos::exactly_once;
};

/// A broker by MQTT 5: sessions, subscriptions, retained messages, wills; what one device publishes
/// reaches another that has subscribed. It belongs to its world. What is told of its faults lasts
/// until it is taken back, but for those that say "next".
class Broker {
 public:
  // --- What has come ---

  /// What it took, second copies included, in the order of arrival; all, or what is on topics that
  /// match the filter.
  std::vector<Published> published(std::string_view filter = "#") const;
  /// The same, with what it refused.
  std::vector<Published> arrived(std::string_view filter = "#") const;
  void forget_published();
  const std::vector<LoggedIn>& logins() const;
  bool is_connected(std::string_view client_id) const;
  /// Of a session that it keeps, in the order in which they came.
  std::vector<std::string> subscriptions(std::string_view client_id) const;
  /// The retained message on this topic.
  std::optional<Published> retained(std::string_view topic) const;
  /// Calls `handler` with each message that it takes, at the moment when it does.
  void on_published(std::function<void(const Published&)> handler);

  // --- What it sends ---

  /// As if somebody had published it. @return the sessions that get it, now or when they are back
  std::size_t deliver(std::string_view topic, std::span<const std::byte> payload,
                      DeliverOptions options = {});
  std::size_t deliver(std::string_view topic, std::string_view text, DeliverOptions options = {}) {
    return deliver(topic, as_payload(text), std::move(options));
  }

  // --- Its key ---

  /// It proves a key that no device pins.
  void prove_wrong_key();
  /// It proves this key, `sha256/BASE64`. @throws ConfigError
  void prove_key(std::string_view pin);
  /// As at first: whatever key the device that dials has pinned first.
  void prove_right_key();

  // --- Its faults ---

  /// Takes the next messages of QoS 1 or 2, so many, and breaks each time the connection before the
  /// acknowledgement has left.
  void lose_next_acknowledgement(unsigned count = 1);
  /// Takes everything and answers nothing, as a process that hangs.
  void fall_silent();
  void speak();
  /// Ends all connections: without a word, or with a reason; `reference` names another broker.
  void end_connection();
  void end_connection(Reason reason, std::string_view reference = {});
  /// Nothing listens on its port, and connections are gone. Sessions are kept.
  void go_down();
  void come_back();
  /// Forgets all sessions: what it had for devices that are away, and their subscriptions.
  void forget_sessions();

  /// Declines messages on topics that match the filter.
  void refuse(std::string_view filter, Reason reason);
  void refuse_subscription(std::string_view filter, Reason reason = Reason::not_authorised);
  void refuse_logins(Reason reason, std::string_view reference = {});
  /// Takes everything again that it was told to refuse.
  void accept_all();
  void grant(Grants grants);

 private:
  friend class ScriptedBroker;
  explicit Broker(ScriptedBroker& scripted) : scripted_(&scripted) {}

  ScriptedBroker* scripted_;
};

/// Whether the system's clock, as a device asks for it, is known to be right.
enum class SystemClock : std::uint8_t { synchronised, unknown };

struct WorldOptions {
  /// When it begins; after the release of this SDK.
  std::chrono::system_clock::time_point date =
      std::chrono::sys_days(std::chrono::year(2030) / 1 / 15) + std::chrono::hours(12);
  SystemClock clock = SystemClock::synchronised;
  std::chrono::milliseconds round_trip{100};  ///< between a device and the broker
  std::uint64_t seed = 1;                     ///< of all that is drawn at random
  /// How many pieces of work one `advance` may do: a reading a second for a day are a tenth of it.
  std::uint64_t most_steps = 1'000'000;
};

class World {
 public:
  /// @throws ConfigError for a date before the release of this SDK, or a round trip that is
  /// negative or longer than a minute
  explicit World(WorldOptions options = {});
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// Options that work, with two pins, for a device of this name; more is the caller's to set.
  Options options(std::string_view client_id = "device") const;
  /// A directory of this world's, for `Options::state_dir`; the same for the same name, and removed
  /// with the world.
  std::filesystem::path state_dir(std::string_view name = "device") const;

  /// A device of this world, as `Device(options)` makes one. @throws as that
  Device device(Options options);

  /// The broker that devices reach, whatever its address is called.
  Broker& broker();
  /// One of its own for this host: for fallback brokers, and those that another one names.
  Broker& broker(std::string_view host);

  // --- Time ---

  /// Lets so much time pass, and does all that is due in it, in order; handlers included.
  /// @throws std::logic_error from within a handler; std::runtime_error where there is no end of
  /// work (`WorldOptions::most_steps`), with what keeps it busy
  void advance(std::chrono::nanoseconds time);
  /// The same, and returns as soon as `done` is true. @return done()
  bool advance_until(const std::function<bool()>& done, std::chrono::nanoseconds at_most);

  /// What the devices' steady clock shows; `Message::expires` is of it.
  std::chrono::steady_clock::time_point now() const;
  std::chrono::system_clock::time_point date() const;

  // --- The line ---

  /// Nothing gets through, either way, and nobody is told: the devices find out as they do where
  /// there is no coverage. What is under way arrives if the line is back before TCP has given up.
  void link_down();
  void link_up();
  /// The same, and the devices' hosts learn that they have a network again (an address, a carrier).
  void network_appears();

  // --- Faults of a device ---

  /// The process of this device dies, as by `kill -9`: nothing is sent, no handler hears of it, and
  /// in `state_dir` is what was there at this moment. Its calls then refuse with `Errc::closed`. A
  /// device that is made with the same options is the process that comes after.
  void crash(Device& device);
  /// Spends so much that every device with a budget has used up this part of its month, 0 to 2; it
  /// learns of it within a second.
  void use_budget_up_to(double part);

 private:
  std::shared_ptr<WorldState> state_;
};

}  // namespace holdfast::testing
