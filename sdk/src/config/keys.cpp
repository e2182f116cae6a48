#include "config/keys.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <string>

namespace holdfast::config {
namespace {

constexpr std::string_view kText = "\"text\"";
constexpr std::string_view kTexts = "[\"text\", …]";
constexpr std::string_view kNumber = "number";
constexpr std::string_view kFlag = "true or false";
constexpr std::string_view kTime = "\"5min\"";
constexpr std::string_view kSize = "bytes, or \"64KiB\"";
constexpr std::string_view kFile = "\"file\"";

// Ranges are the device's to judge: it names them in its complaint, and `located` the line.
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMost32 = std::numeric_limits<std::int32_t>::max();

template <class Number>
Number count(const Entry& entry, std::int64_t most = kMost) {
  return static_cast<Number>(entry.number(0, most));
}

template <class Whole>
Whole& some(std::optional<Whole>& optional) {
  if (!optional) optional.emplace();
  return *optional;
}

FallbackBroker& fallback(Options& options, std::size_t index) {
  if (options.fallback_brokers.size() <= index) options.fallback_brokers.resize(index + 1);
  return options.fallback_brokers[index];
}

Pkcs11& token(Options& options) {
  return some(some(options.client_certificate).pkcs11);
}

std::string proxy_without_password(const Entry& entry) {
  std::string url = entry.text();
  if (url.find('@') != std::string::npos) {
    throw ConfigError(entry.place(), "",
                      "a password does not belong into this file: write the whole URL into one "
                      "that only the device can read, and name that with proxy_file");
  }
  return url;
}

WhenFull when_full(const Entry& entry) {
  return entry.choice<WhenFull>({{"refuse", WhenFull::refuse},
                                 {"drop_new", WhenFull::drop_new},
                                 {"drop_oldest", WhenFull::drop_oldest},
                                 {"drop_lowest_priority", WhenFull::drop_lowest_priority}});
}

std::vector<std::byte> bytes_of(const std::string& text) {
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return {first, first + text.size()};
}

using Index = std::size_t;

const std::array kBroker{
    Key{"broker", "url", "broker", kText, "the broker: mqtts://HOST[:PORT], port 8883 unless told",
        [](Options& o, const Entry& e, Index) { o.broker = e.text(); }},
    Key{"broker", "pins", "pins", kTexts,
        "the broker's keys, sha256/BASE64: the one in service and a backup",
        [](Options& o, const Entry& e, Index) { o.pins = e.texts(); }},
    Key{"broker", "one_pin", "pin_count", kFlag,
        "be content with one pin; when that key is lost, so is the device",
        [](Options& o, const Entry& e, Index) {
          o.pin_count = e.flag() ? PinCount::one_is_enough : PinCount::at_least_two;
        }},
    Key{"broker", "pins_version", "pins_version", kNumber,
        "which version of the signed pin set these pins are",
        [](Options& o, const Entry& e, Index) { o.pins_version = count<std::uint64_t>(e); }},
    Key{"broker", "candidate_pins", "candidate_pins", kTexts,
        "pins that are only tried and reported, to rehearse a rotation",
        [](Options& o, const Entry& e, Index) { o.candidate_pins = e.texts(); }},
    Key{"broker", "ca_file", "ca_file", kFile,
        "authorities, PEM: one of them has to vouch for the broker besides the pin",
        [](Options& o, const Entry& e, Index) {
          o.trust = TrustMode::pinned_and_ca;
          o.ca_file = e.text();
        }},
    Key{"broker", "alpn", "alpn", kText, "the protocol that is named in ALPN",
        [](Options& o, const Entry& e, Index) { o.alpn = e.text(); }},
    Key{"broker", "mqtt", "mqtt_version", "\"5\" or \"3.1.1\"", "the version of MQTT",
        [](Options& o, const Entry& e, Index) {
          o.mqtt_version =
              e.choice<MqttVersion>({{"5", MqttVersion::v5}, {"3.1.1", MqttVersion::v3_1_1}});
        }},
    Key{"broker", "cipher_suites", "cipher_suites",
        "\"cheapest\", \"any_length\" or \"short_tags\"", "which cipher suites are offered",
        [](Options& o, const Entry& e, Index) {
          o.cipher_suites = e.choice<CipherSuites>({{"cheapest", CipherSuites::cheapest},
                                                    {"any_length", CipherSuites::any_length},
                                                    {"short_tags", CipherSuites::short_tags}});
        }},
    Key{"fallback", "url", "fallback_brokers", kText, "another broker, for when the first fails",
        [](Options& o, const Entry& e, Index i) { fallback(o, i).broker = e.text(); }},
    Key{"fallback", "pins", "fallback_brokers", kTexts,
        "keys of that broker alone; those of the first one unless told",
        [](Options& o, const Entry& e, Index i) { fallback(o, i).pins = e.texts(); }},
};

const std::array kDevice{
    Key{"device", "client_id", "client_id", kText, "the device's name, unique at the broker",
        [](Options& o, const Entry& e, Index) { o.client_id = e.text(); }},
    Key{"device", "state_dir", "state_dir", "\"directory\"",
        "what outlives the process: pins, ticket, outbox, ledger, events",
        [](Options& o, const Entry& e, Index) { o.state_dir = e.text(); }},
    Key{"device", "status_socket", "status_socket", kFlag,
        "whether holdfast status may ask the running device, by a socket in state_dir",
        [](Options& o, const Entry& e, Index) { o.status_socket = e.flag(); }},
    Key{"device", "allow_trace", "allow_trace", kFlag,
        "whether holdfast trace may have the plain MQTT of the running device",
        [](Options& o, const Entry& e, Index) { o.allow_trace = e.flag(); }},
    Key{"device", "username", "username", kText, "for brokers that want one",
        [](Options& o, const Entry& e, Index) { o.username = e.text(); }},
    Key{"device", "password_file", "password", kFile, "a file whose first line is the password",
        [](Options& o, const Entry& e, Index) { o.password = e.secret(); }},
    Key{"device", "certificate_file", "client_certificate.certificate_file", kFile,
        "the device's certificate, PEM, for brokers that want one",
        [](Options& o, const Entry& e, Index) {
          some(o.client_certificate).certificate_file = e.text();
        }},
    Key{"device", "key_file", "client_certificate.key_file", kFile, "its private key, PEM",
        [](Options& o, const Entry& e, Index) { some(o.client_certificate).key_file = e.text(); }},
    Key{"device", "reply_topic", "reply_topic", kText, "where answers to its own calls come to",
        [](Options& o, const Entry& e, Index) { o.reply_topic = e.text(); }},
    Key{"device", "session_expiry", "session_expiry", kTime,
        "how long the broker keeps the session while the device is away",
        [](Options& o, const Entry& e, Index) { o.session_expiry = e.seconds(); }},
    Key{"device", "reachable_within", "reachable_within", kTime,
        "how long a dead line may go unnoticed, where there is a subscription",
        [](Options& o, const Entry& e, Index) { o.reachable_within = e.seconds(); }},
    Key{"device", "hold", "hold", "\"automatic\" or \"always\"",
        "whether the line is held while it carries nothing",
        [](Options& o, const Entry& e, Index) {
          o.hold = e.choice<Hold>({{"automatic", Hold::automatic}, {"always", Hold::always}});
        }},
    Key{"pkcs11", "module", "client_certificate.pkcs11.module", kFile,
        "the .so of the token that has the private key",
        [](Options& o, const Entry& e, Index) { token(o).module = e.text(); }},
    Key{"pkcs11", "token", "client_certificate.pkcs11.token", kText, "the token's label",
        [](Options& o, const Entry& e, Index) { token(o).token = e.text(); }},
    Key{"pkcs11", "pin_file", "client_certificate.pkcs11.pin_file", kFile,
        "a file whose first line is the token's PIN",
        [](Options& o, const Entry& e, Index) { token(o).pin_file = e.text(); }},
    Key{"pkcs11", "key_label", "client_certificate.pkcs11.key_label", kText, "the key's label",
        [](Options& o, const Entry& e, Index) { token(o).key_label = e.text(); }},
};

const std::array kLine{
    Key{"network", "interface", "network_interface", kText,
        "the interface that connections leave through",
        [](Options& o, const Entry& e, Index) { o.network_interface = e.text(); }},
    Key{"network", "proxy", "proxy", kText, "http://HOST:PORT of a proxy that takes CONNECT",
        [](Options& o, const Entry& e, Index) { o.proxy = proxy_without_password(e); }},
    Key{"network", "proxy_file", "proxy", kFile,
        "a file whose first line is http://USER:PASSWORD@HOST:PORT",
        [](Options& o, const Entry& e, Index) { o.proxy = e.secret(); }},
    Key{"network", "address_lifetime", "address_lifetime", kTime,
        "how long an address that worked is used before the name is asked for again",
        [](Options& o, const Entry& e, Index) { o.address_lifetime = e.seconds(); }},
    Key{"resumption", "mode", "resumption.mode", "\"cheapest\", \"always\" or \"never\"",
        "when a TLS session is resumed",
        [](Options& o, const Entry& e, Index) {
          o.resumption.mode = e.choice<ResumptionMode>({{"cheapest", ResumptionMode::cheapest},
                                                        {"always", ResumptionMode::always},
                                                        {"never", ResumptionMode::never}});
        }},
    Key{"resumption", "max_age", "resumption.max_age", kTime,
        "how long a proven key vouches for resumed sessions",
        [](Options& o, const Entry& e, Index) { o.resumption.max_age = e.seconds(); }},
    Key{"resumption", "max_without_clock", "resumption.max_without_clock", kNumber,
        "how many may follow one full handshake without a trusted clock",
        [](Options& o, const Entry& e, Index) {
          o.resumption.max_without_clock = count<unsigned>(e, kMost32);
        }},
    Key{"backoff", "base", "backoff.base", kTime, "the first wait before another attempt, at most",
        [](Options& o, const Entry& e, Index) { o.backoff.base = e.duration(); }},
    Key{"backoff", "cap", "backoff.cap", kTime, "the longest wait",
        [](Options& o, const Entry& e, Index) { o.backoff.cap = e.duration(); }},
    Key{"backoff", "stable_after", "backoff.stable_after", kTime,
        "how long a connection lasts until waits begin at base again",
        [](Options& o, const Entry& e, Index) { o.backoff.stable_after = e.duration(); }},
    Key{"timeouts", "resolve", "timeouts.resolve", kTime, "for the name",
        [](Options& o, const Entry& e, Index) { o.timeouts.resolve = e.duration(); }},
    Key{"timeouts", "connect", "timeouts.connect", kTime, "for TCP, each address",
        [](Options& o, const Entry& e, Index) { o.timeouts.connect = e.duration(); }},
    Key{"timeouts", "handshake", "timeouts.handshake", kTime, "for TLS, each address",
        [](Options& o, const Entry& e, Index) { o.timeouts.handshake = e.duration(); }},
    Key{"timeouts", "connack", "timeouts.connack", kTime, "from CONNECT to CONNACK",
        [](Options& o, const Entry& e, Index) { o.timeouts.connack = e.duration(); }},
    Key{"timeouts", "response", "timeouts.response", kTime, "from PINGREQ to PINGRESP",
        [](Options& o, const Entry& e, Index) { o.timeouts.response = e.duration(); }},
    Key{"timeouts", "ack", "timeouts.ack", kTime, "from PUBLISH to PUBACK",
        [](Options& o, const Entry& e, Index) { o.timeouts.ack = e.duration(); }},
};

const std::array kStores{
    Key{"outbox", "messages", "outbox.messages", kNumber, "how many messages may wait",
        [](Options& o, const Entry& e, Index) { o.outbox.messages = count<std::size_t>(e); }},
    Key{"outbox", "bytes", "outbox.bytes", kSize, "how many bytes may wait",
        [](Options& o, const Entry& e, Index) { o.outbox.bytes = e.bytes(); }},
    Key{"outbox", "when_full", "outbox.when_full",
        "\"refuse\", \"drop_new\", \"drop_oldest\" or \"drop_lowest_priority\"",
        "what happens to a message that would pass a bound",
        [](Options& o, const Entry& e, Index) { o.outbox.when_full = when_full(e); }},
    Key{"outbox", "file_bytes", "outbox.file_bytes", kSize, "the outbox file's own bound",
        [](Options& o, const Entry& e, Index) { o.outbox.file_bytes = e.bytes(); }},
    Key{"outbox", "group_messages", "outbox.group_commit.messages", kNumber,
        "messages in one commit, at most",
        [](Options& o, const Entry& e, Index) {
          o.outbox.group_commit.messages = count<std::size_t>(e);
        }},
    Key{"outbox", "group_time", "outbox.group_commit.time", kTime,
        "how long a commit waits for other messages",
        [](Options& o, const Entry& e, Index) { o.outbox.group_commit.time = e.duration(); }},
    Key{"budget", "bytes_per_month", "budget.bytes_per_month", kSize,
        "what the device may spend in a billing month, as the carrier counts",
        [](Options& o, const Entry& e, Index) { some(o.budget).bytes_per_month = e.bytes(); }},
    Key{"budget", "reserve_for_urgent", "budget.reserve_for_urgent", kSize,
        "of these, for urgent messages alone",
        [](Options& o, const Entry& e, Index) { some(o.budget).reserve_for_urgent = e.bytes(); }},
    Key{"budget", "billing_day", "budget.billing_day", kNumber,
        "the day of the month on which the carrier begins anew",
        [](Options& o, const Entry& e, Index) {
          some(o.budget).billing_day = count<unsigned>(e, kMost32);
        }},
    Key{"budget", "used_up", "budget.used_up", "\"urgent_only\" or \"stop\"",
        "what happens once the month's bytes are used up",
        [](Options& o, const Entry& e, Index) {
          some(o.budget).used_up =
              e.choice<UsedUp>({{"urgent_only", UsedUp::urgent_only}, {"stop", UsedUp::stop}});
        }},
};

const std::array kTold{
    Key{"pin_updates", "root_keys", "pin_updates.root_keys", kTexts,
        "keys that sign new pin sets, ed25519/BASE64",
        [](Options& o, const Entry& e, Index) { o.pin_updates.root_keys = e.texts(); }},
    Key{"pin_updates", "threshold", "pin_updates.threshold", kNumber, "how many of them must sign",
        [](Options& o, const Entry& e, Index) {
          o.pin_updates.threshold = count<unsigned>(e, kMost32);
        }},
    Key{"pin_updates", "roots_version", "pin_updates.roots_version", kNumber,
        "which generation of root keys these are",
        [](Options& o, const Entry& e, Index) {
          o.pin_updates.roots_version = count<std::uint32_t>(e, kMost32);
        }},
    Key{"pin_updates", "topic", "pin_updates.topic", kText, "where the broker has the newest set",
        [](Options& o, const Entry& e, Index) { o.pin_updates.topic = e.text(); }},
    Key{"pin_updates", "file", "pin_updates.file", kFile,
        "a set that is looked at when the device starts",
        [](Options& o, const Entry& e, Index) { o.pin_updates.file = e.text(); }},
    Key{"pin_updates", "expired", "pin_updates.expired", "\"warn\" or \"refuse\"",
        "what a set that has expired means",
        [](Options& o, const Entry& e, Index) {
          o.pin_updates.expired = e.choice<ExpiredPinSet>(
              {{"warn", ExpiredPinSet::warn}, {"refuse", ExpiredPinSet::refuse}});
        }},
    Key{"pin_updates", "report_topic", "pin_updates.report_topic", kText,
        "where refused keys are reported to",
        [](Options& o, const Entry& e, Index) { o.pin_updates.report_topic = e.text(); }},
    Key{"recovery", "url", "recovery.broker", kText, "the broker that brings a newer pin set",
        [](Options& o, const Entry& e, Index) { some(o.recovery).broker = e.text(); }},
    Key{"recovery", "pins", "recovery.pins", kTexts, "its keys",
        [](Options& o, const Entry& e, Index) { some(o.recovery).pins = e.texts(); }},
    Key{"recovery", "after", "recovery.after", kTime,
        "how long every key has to be refused before it is asked",
        [](Options& o, const Entry& e, Index) { some(o.recovery).after = e.seconds(); }},
    Key{"presence", "topic", "presence.topic", kText, "where the device's status is retained",
        [](Options& o, const Entry& e, Index) { some(o.presence).topic = e.text(); }},
    Key{"presence", "offline_after", "presence.offline_after", kTime,
        "how long it may be away before the broker says so",
        [](Options& o, const Entry& e, Index) { some(o.presence).offline_after = e.seconds(); }},
    Key{"presence", "refresh", "presence.refresh", kTime,
        "how long the sums of a device that stays online may get old",
        [](Options& o, const Entry& e, Index) { some(o.presence).refresh = e.seconds(); }},
    Key{"will", "topic", "will.topic", kText, "where the broker tells that the device has vanished",
        [](Options& o, const Entry& e, Index) { some(o.will).topic = e.text(); }},
    Key{"will", "payload", "will.payload", kText, "what it tells",
        [](Options& o, const Entry& e, Index) { some(o.will).payload = bytes_of(e.text()); }},
    Key{"will", "qos", "will.qos", kNumber, "0 or 1",
        [](Options& o, const Entry& e, Index) {
          some(o.will).qos = static_cast<Qos>(e.number(0, 1));
        }},
    Key{"will", "retain", "will.retain", kFlag, "whether the broker keeps it",
        [](Options& o, const Entry& e, Index) {
          some(o.will).retain = e.flag() ? Retain::yes : Retain::no;
        }},
    Key{"will", "delay", "will.delay", kTime, "how long the broker waits for a return",
        [](Options& o, const Entry& e, Index) { some(o.will).delay = e.seconds(); }},
};

std::vector<Key> all_keys() {
  std::vector<Key> all;
  const auto add = [&all](const auto& some) { all.insert(all.end(), some.begin(), some.end()); };
  add(kBroker);
  add(kDevice);
  add(kLine);
  add(kStores);
  add(kTold);
  return all;
}

}  // namespace

std::span<const Key> keys() {
  static const std::vector<Key> all = all_keys();
  return all;
}

}  // namespace holdfast::config
