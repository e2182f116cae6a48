// The options of a device, a message, a subscription and a stream. All are plain structs: name the
// fields that differ from the default. A duration of zero means "none" only where the comment says
// so.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <holdfast/error.hpp>
#include <holdfast/limits.hpp>

namespace holdfast {

struct Delivery;
struct Stored;

enum class MqttVersion : std::uint8_t {
  v3_1_1 = 4,  ///< for brokers without MQTT 5: no reason codes, no message expiry
  v5 = 5,
};

enum class Qos : std::uint8_t {
  at_most_once = 0,   ///< memory only; counts as delivered when TLS has taken it
  at_least_once = 1,  ///< kept until the broker has acknowledged it
  exactly_once = 2,   ///< memory only; fails, audibly, when the connection ends
};

enum class Retain : std::uint8_t { no, yes };

/// How many distinct pins a set must have. With one pin alone, the loss of one key locks every
/// device out for good.
enum class PinCount : std::uint8_t { at_least_two, one_is_enough };

/// What a signed pin set that has expired means. A device without a clock learns of it late, if at
/// all, so expiry is no protection to rely on alone.
enum class ExpiredPinSet : std::uint8_t {
  warn,    ///< an event; the set goes on to be trusted
  refuse,  ///< nobody is trusted any more but the recovery broker, until a newer set comes
};

/// Signed pin sets: how the keys that a device trusts are changed without new firmware.
/// docs/guides/rotation.md goes through it step by step.
struct PinUpdates {
  /// Ed25519 public keys, `ed25519/BASE64`, as `holdfast keygen --root` prints them. Empty: no
  /// signed sets are taken.
  std::vector<std::string> root_keys;
  unsigned threshold = 1;           ///< how many different ones of them must sign
  std::uint32_t roots_version = 1;  ///< which generation of root keys these are
  /// Where the broker has the newest set as a retained message. Empty: nowhere.
  std::string topic;
  /// A file that is looked at when the device starts. Empty: none.
  std::filesystem::path file;
  ExpiredPinSet expired = ExpiredPinSet::warn;
  /// Where refused keys and candidates are reported to, as a `PinReport`
  /// (schemas/holdfast/pin_report.fbs): at most one an hour, over a verified connection. Empty:
  /// nowhere.
  std::string report_topic;
};

/// A second broker, which only brings a newer pin set: dialled once every key of the set has been
/// refused for `after` (time in which the device was running and trying). No message of the app
/// goes there.
struct Recovery {
  std::string broker;                                   ///< as `Options::broker`
  std::vector<std::string> pins;                        ///< of that broker alone; one is enough
  std::chrono::seconds after = limits::kRecoveryAfter;  ///< 1 s to 365 days
};

/// Another broker of the same service, for when the first one cannot be reached or is refused. The
/// app's messages and subscriptions go there as well; what the broker keeps of a session, it keeps
/// for itself.
struct FallbackBroker {
  std::string broker;  ///< as `Options::broker`
  /// Of that broker alone; one is enough. Keys that a signed pin set has revoked do not count.
  /// Empty: it is judged by the very keys that the first broker is judged by.
  std::vector<std::string> pins;
};

/// What a broker must have to be trusted. There is no mode without pins.
enum class TrustMode : std::uint8_t {
  pinned,         ///< a pinned key alone: no authority, no host name, no dates, and so no clock
  pinned_and_ca,  ///< a certificate of an authority in `ca_file`, for this host, at this date, and
                  ///< a pin of its key or of an authority's on the way up
};

/// What the broker publishes for a device that vanishes (MQTT 5 section 3.1.2.5).
struct Will {
  std::string topic;
  std::vector<std::byte> payload;
  Qos qos = Qos::at_least_once;  ///< at most `at_least_once`
  Retain retain = Retain::no;
  std::chrono::seconds delay{0};  ///< MQTT 5 only; how long the broker waits for a return
};

/// A retained document that tells an operator how this device is: online or not, which pins it
/// trusts, which one vouches, what it has spent (schemas/holdfast/status.fbs;
/// docs/guides/fleet.md). It is published when the device comes and when something of it has
/// changed, and by the broker, as this connection's will, when the device has been away for
/// `offline_after`. A quick reconnection publishes nothing. Excludes a `Will` of the app's own,
/// because MQTT has one.
struct Presence {
  std::string topic;
  /// How long the device may be away before the broker says so (MQTT 5 section 3.1.3.2.2), at least
  /// twice `reachable_within`. 0: that, and `backoff.cap`. It ends with `session_expiry` as well.
  /// MQTT 3.1.1 has no such delay: leave it at 0 there, and each lost connection is told at once.
  std::chrono::seconds offline_after{0};
  /// How long a device that stays online may leave its sums as they are, 1 h to 365 days; 0: for
  /// ever.
  std::chrono::seconds refresh = limits::kPresenceRefresh;
};

/// What becomes of a line that carries nothing for a while. docs/guides/connectivity.md has the
/// sums.
enum class Hold : std::uint8_t {
  automatic,  ///< it is closed where that is cheaper than holding it until the next message is due;
              ///< never with a subscription, a will or a presence
  always,     ///< it is held
};

/// Reconnection: full-jitter exponential backoff. The wait before attempt n is drawn evenly from 0
/// to min(cap, base · 2ⁿ); n returns to 0 only after a connection has lasted `stable_after`. Waits
/// after a refusal are longer, in parts or multiples of `cap`: docs/guides/connectivity.md.
struct Backoff {
  std::chrono::milliseconds base = limits::kBackoffBase;         ///< 1 ms to `cap`
  std::chrono::milliseconds cap = limits::kBackoffCap;           ///< up to 24 h
  std::chrono::milliseconds stable_after = limits::kStableTime;  ///< up to 24 h
};

/// Bounds of the waits for the network. Raise them for links with seconds of delay.
struct Timeouts {
  std::chrono::milliseconds resolve = limits::kResolveTimeout;      ///< the name
  std::chrono::milliseconds connect = limits::kConnectTimeout;      ///< TCP, each address
  std::chrono::milliseconds handshake = limits::kHandshakeTimeout;  ///< TLS, each address
  std::chrono::milliseconds connack = limits::kConnackTimeout;      ///< CONNECT to CONNACK
  std::chrono::milliseconds response = limits::kResponseTimeout;    ///< PINGREQ to PINGRESP
  std::chrono::milliseconds ack = limits::kAckTimeout;              ///< PUBLISH to PUBACK
};

/// When a TLS session is resumed (RFC 8446 section 2.2) instead of a full handshake made.
enum class ResumptionMode : std::uint8_t {
  cheapest,  ///< what has cost less with this broker so far, tickets included
  always,    ///< whenever there is a ticket
  never,     ///< no ticket is kept
};

/// Resumed TLS sessions. The ticket is kept in `state_dir`, and so outlives the process and a
/// reboot; without one it lives as long as the device. It is bound to the broker, to the device's
/// own identity, to the pin that vouched for it and to the pin set: when one of them changes the
/// next handshake is a full one.
struct Resumption {
  ResumptionMode mode = ResumptionMode::cheapest;
  /// How long after a full handshake its key may vouch for resumed sessions, however many there
  /// were since: 1 s to 30 days.
  std::chrono::seconds max_age = limits::kResumptionAge;
  /// How many may follow one full handshake while there is no trustworthy wall clock, 0 to 1,000.
  unsigned max_without_clock = limits::kResumptionsWithoutClock;
};

/// Which cipher suites are offered. Many brokers take the strongest of what they are offered, and
/// the SHA-384 of AES-256-GCM makes a full handshake 32 bytes longer and a resumed one 80.
enum class CipherSuites : std::uint8_t {
  cheapest,    ///< AES-128-GCM, which every TLS 1.3 server has (RFC 8446 section 9.1), and
               ///< ChaCha20-Poly1305
  any_length,  ///< and AES-256-GCM, for brokers that insist on it
  short_tags,  ///< AES-128-CCM-8 before those of `cheapest`: 8 bytes less a record, and a forger
               ///< needs 2^64 tries instead of 2^128; for brokers that allow it
};

/// What goes first, also out of a full backlog, and what a budget lets through longest.
enum class Priority : std::uint8_t {
  low,  ///< waits when a month's budget runs short
  normal,
  urgent,  ///< before everything else; has a reserve in the budget
};

/// In which order messages of one priority go out. Those of `newest_first` go before the others.
enum class Order : std::uint8_t {
  oldest_first,
  newest_first,  ///< live data: what is new is worth more than what has waited
};

/// What happens to a message that would pass a bound. All that is dropped is told: by the event
/// `message_dropped`, in `Counters::dropped` and by its own `on_done`. What is under way is never
/// dropped; where that alone fills the bound, the new message is refused.
enum class WhenFull : std::uint8_t {
  refuse,                ///< the receipt says `Errc::outbox_full`
  drop_new,              ///< it is accepted, and dropped
  drop_oldest,           ///< the message that has waited longest makes room
  drop_lowest_priority,  ///< the oldest of the lowest priority does; never one more important
                         ///< than the new one. For the outbox as a whole
};

/// When a message of QoS 1 is written to `Options::state_dir`, where it outlives the process, a
/// crash and a loss of power until the broker has acknowledged it. docs/guides/outbox.md has what
/// each costs.
class Durable {
 public:
  /// Never: it is gone with the process.
  static constexpr Durable never() noexcept { return Durable(false, {}); }
  /// At once, together with the others that come within `GroupCommit::time`.
  static constexpr Durable at_push() noexcept { return Durable(true, {}); }
  /// If it was not acknowledged within this time, 1 ms to 24 h: while the line is good, the flash
  /// is not touched; a crash loses at most what is younger.
  static constexpr Durable within(std::chrono::milliseconds interval) noexcept {
    return Durable(true, interval);
  }

  constexpr bool is_kept() const noexcept { return kept_; }
  constexpr std::chrono::milliseconds interval() const noexcept { return interval_; }

 private:
  constexpr Durable(bool kept, std::chrono::milliseconds interval) noexcept
      : kept_(kept), interval_(interval) {}

  bool kept_;
  std::chrono::milliseconds interval_;
};

/// How messages share a commit of the outbox's file. Each commit makes the flash write several
/// pages, whatever it holds.
struct GroupCommit {
  std::size_t messages = limits::kGroupMessages;        ///< at most in one commit, 1 to 4,096
  std::chrono::milliseconds time = limits::kGroupTime;  ///< waited for others, 0 to 10 s
};

/// Bounds of the outbox, in memory and on the disk together.
struct OutboxLimits {
  std::size_t messages = limits::kOutboxMessages;  ///< 1 to 10,000,000
  std::size_t bytes = limits::kOutboxBytes;        ///< payload, topic, key; at least one payload
  WhenFull when_full = WhenFull::refuse;
  /// The file's own bound, 1 MiB to 64 GiB. Once it is reached, or the file system is full, new
  /// messages stay in memory, as far as `limits::kUnstoredBytes` allows, until there is room.
  std::uint64_t file_bytes = limits::kOutboxFileBytes;
  GroupCommit group_commit{};
};

/// Bounds of one stream, within those of the outbox. 0: none of its own.
struct StreamBounds {
  std::size_t messages = 0;
  std::size_t bytes = 0;  ///< payload, topic, key
  WhenFull when_full = WhenFull::refuse;
};

/// What happens once the month's allowance is used up. The default lets urgent messages go on, for
/// somebody who pays for an alarm rather than lose it.
enum class UsedUp : std::uint8_t {
  urgent_only,  ///< urgent messages go out, all others wait for the next month
  stop,         ///< nothing is sent and nobody is dialled until the next month
};

/// What the device may spend in a billing month, in bytes as the carrier counts them (`Ledger`: IP
/// packets, both ways, retransmissions included). As it is used up faster than the month goes by,
/// what can wait is slowed, in the order that docs/guides/budget.md tells. Kept in `state_dir`.
///
/// The month turns by a clock that is trusted (`Device::set_time`, or a system that is
/// synchronised). As long as nobody knows the date, it does not turn.
struct Budget {
  std::uint64_t bytes_per_month = 0;     ///< 64 KiB to 1 PiB
  std::uint64_t reserve_for_urgent = 0;  ///< of these, for urgent messages alone; less than all
  /// The day of the month on which the carrier begins to count anew, 1 to 31, at midnight UTC. In
  /// a month without that day it is the last one.
  unsigned billing_day = 1;
  UsedUp used_up = UsedUp::urgent_only;
};

/// A token with the device's private key (a smart card, a TPM, a secure element), which signs
/// through PKCS#11 and never gives the key away. RSA and P-256.
struct Pkcs11 {
  std::filesystem::path module;    ///< the whole path of the module's .so
  std::string token;               ///< the label of the token
  std::string pin;                 ///< either this
  std::filesystem::path pin_file;  ///< or a file with it
  std::string key_label;           ///< of the private key, and of its public key
};

/// What the device shows a broker that asks for a certificate (mutual TLS).
struct ClientCertificate {
  std::filesystem::path certificate_file;  ///< PEM: the device's own first, then intermediates
  std::filesystem::path key_file;          ///< PEM, not encrypted; either this
  std::optional<Pkcs11> pkcs11{};          ///< or a token
};

/// All that a device needs to be told. `broker`, `client_id` and `pins` have no default.
struct Options {
  /// `mqtts://HOST[:PORT]`; port 8883 unless told; IPv6 addresses in brackets.
  std::string broker;
  /// Unique among all clients of the broker; printable UTF-8, at most 128 bytes.
  std::string client_id;
  /// SHA-256 of the broker's public key, `sha256/BASE64`: the key in service and at least one
  /// backup. docs/guides/pins.md tells how to make the keys and print their pins.
  std::vector<std::string> pins;
  PinCount pin_count = PinCount::at_least_two;
  /// Which version of the signed pin set `pins` are: the higher of it and of the one that the
  /// device keeps in `state_dir` counts. 0: they were never signed.
  std::uint64_t pins_version = 0;
  /// Report only: after each handshake an event tells whether these would have matched, so that a
  /// rotation can be rehearsed.
  std::vector<std::string> candidate_pins;
  PinUpdates pin_updates{};
  std::optional<Recovery> recovery;
  /// Tried in this order, within the same attempt, when `broker` fails; at most
  /// `limits::kMaxFallbackBrokers`. The one that worked is tried first for an hour.
  std::vector<FallbackBroker> fallback_brokers;
  /// How long an address that worked is used before the name is asked for again; when it fails the
  /// name is asked for at once. 0: before each connection; at most 30 days.
  std::chrono::seconds address_lifetime = limits::kAddressLifetime;
  /// The network interface that connections leave through (SO_BINDTODEVICE, socket(7)), for boards
  /// with several modems; at most 15 bytes. Empty: as the routes say. Name servers are asked as the
  /// routes say in either case.
  std::string network_interface;
  /// An HTTP proxy that opens a tunnel to the broker (CONNECT, RFC 9110 section 9.3.6):
  /// `http://[USER:PASSWORD@]HOST:PORT`, percent-encoded where needed. The way to the proxy is not
  /// encrypted: it sees the broker's name, and whoever is on that way sees the password. TLS and
  /// the pins hold from end to end. Empty: none; the environment is never asked.
  std::string proxy;
  /// The protocol that is named in ALPN (RFC 7301), for brokers that share a port with others, for
  /// instance "mqtt" on port 443. Empty: none is named.
  std::string alpn;
  TrustMode trust = TrustMode::pinned;
  /// The authorities that may vouch for the broker, PEM; for `pinned_and_ca` only, and needed
  /// there. Read once, when the device is made.
  std::filesystem::path ca_file;
  Resumption resumption{};
  CipherSuites cipher_suites = CipherSuites::cheapest;
  /// A directory of this device's own, made (mode 0700) if it is missing and locked while the
  /// device exists. Empty: nothing is kept. A device that finds it empty is a new one, and drops
  /// what brokers keep for its client identifier (MQTT 5): a board that replaces another runs none
  /// of its commands.
  std::filesystem::path state_dir;
  /// Whether a person on this host may ask the running device how it is: `holdfast status` and a
  /// collector of metrics connect to the Unix socket `status.sock` in `state_dir`, which lets in
  /// the device's user and root. Nothing can be changed through it. Without a `state_dir` there is
  /// none (docs/guides/observability.md).
  bool status_socket = true;
  /// Whether the device's user and root may have the plain MQTT of the running device, through that
  /// socket: `holdfast trace` (docs/guides/tracing.md). Passwords are never in it, payloads are.
  /// Needs `state_dir` and `status_socket`.
  bool allow_trace = false;

  /// The files may be exchanged while the device runs: they are looked at before each connection.
  std::optional<ClientCertificate> client_certificate;
  std::string username;  ///< empty: none
  std::string password;  ///< empty: none; needs a user name with MQTT 3.1.1
  MqttVersion mqtt_version = MqttVersion::v5;
  /// How long the broker keeps this session while the device is away. Whole seconds; 0: not at all.
  std::chrono::seconds session_expiry = limits::kSessionExpiry;
  std::optional<Will> will;
  std::optional<Presence> presence;
  /// Where answers to this device's own calls come to; nobody else should be allowed to publish
  /// there who is not called. No wildcards. Empty: `reply/` and the client identifier.
  std::string reply_topic;

  /// With a subscription, a will or a presence: how long a dead line may go unnoticed, 10 s to 18
  /// h. Without them nothing is probed, and silence costs nothing.
  std::chrono::seconds reachable_within = limits::kReachableWithin;
  Hold hold = Hold::automatic;

  Backoff backoff{};
  Timeouts timeouts{};
  OutboxLimits outbox{};
  /// None: the bytes are counted, and nothing follows from it.
  std::optional<Budget> budget;
};

/// How one message is sent.
struct PublishOptions {
  Qos qos = Qos::at_least_once;
  Retain retain = Retain::no;
  /// The message goes out no later than this, and earlier when another goes out anyway: one radio
  /// wake-up and one TLS record for all that waited. 0: at once. At most 24 h.
  std::chrono::milliseconds max_delay{0};
  /// It is worthless after this time: not sent any more, and dropped by an MQTT 5 broker (Message
  /// Expiry). Rounded up to whole seconds on the wire. 0: never. At most 365 days.
  std::chrono::milliseconds ttl{0};
  Priority priority = Priority::normal;
  Order order = Order::oldest_first;
  /// For state, of which only the last value matters: a message that waits with the same topic and
  /// key is replaced, and the new one has its place. Empty: none is. At most 128 bytes, which are
  /// not sent.
  std::string key;
  /// Needs QoS 1 and `Options::state_dir`.
  Durable durable = Durable::never();
  // What a receiver is told besides; MQTT 5 only (section 3.3.2.3). What is empty costs nothing.
  std::string content_type{};    ///< at most `limits::kMaxContentTypeBytes`, plain UTF-8
  std::string response_topic{};  ///< where an answer is expected; no wildcards
  std::vector<std::byte> correlation_data{};  ///< at most `limits::kMaxCorrelationBytes`
  /// Of a durable message: told once, on the handler thread, when it is safe, that is written or
  /// already acknowledged; or that it never will be.
  std::function<void(const Stored&)> on_stored{};
  /// Told once what became of the message, on the handler thread. Kept in memory while it waits,
  /// also if the message itself is not.
  std::function<void(const Delivery&)> on_done{};
};

/// How a stream's readings are sent; the fields mean what they mean in `PublishOptions`.
struct StreamOptions {
  Qos qos = Qos::at_least_once;
  /// Readings that wait at the same time, for their delay budget or for a link, share a message.
  std::chrono::milliseconds max_delay{0};
  /// Payload of such a message, up to `limits::kMaxBatchBytes`; once so much waits it is due. 0:
  /// each reading is a message. Readings with a key always are.
  std::size_t max_bytes = limits::kBatchBytes;
  std::chrono::milliseconds ttl{0};
  Priority priority = Priority::normal;
  Order order = Order::oldest_first;
  Durable durable = Durable::never();
  StreamBounds bounds{};  ///< of the topic: streams on the same one share them
  /// Told with each message, for receivers whom the topic does not tell what it is
  /// (docs/guides/payloads.md). MQTT 5 only. Empty: nothing is told, and nothing paid.
  std::string content_type{};
};

/// What one reading of a stream needs besides; the fields mean what they mean in `PublishOptions`.
struct PushOptions {
  std::string key;
  /// Of a series' reading: when it was taken, by a clock that the app trusts. Empty: now, which
  /// becomes a date as soon as anybody knows it (`Device::set_time`).
  std::optional<std::chrono::system_clock::time_point> time{};
  std::function<void(const Stored&)> on_stored{};
  std::function<void(const Delivery&)> on_done{};
};

/// Whether the broker keeps a series' declaration, for receivers that do not know it (docs/guides/
/// series.md).
enum class Declare : std::uint8_t {
  retained,  ///< published with each start of the process as "TOPIC/layout", retained
  never,     ///< all receivers have the declaration
};

struct SubscribeOptions {
  Qos qos = Qos::at_least_once;  ///< at most `at_least_once`
};

}  // namespace holdfast
