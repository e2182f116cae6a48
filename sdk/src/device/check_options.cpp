#include "device/check_options.hpp"

#include <net/if.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <holdfast/error.hpp>

#include "channel/library_check.hpp"
#include "mqtt/topic.hpp"

namespace holdfast::device {
namespace {

using namespace std::chrono_literals;
using Milliseconds = std::chrono::milliseconds;

std::string text_of(Milliseconds time) {
  return std::to_string(time.count()) + " ms";
}

// Compared as floating seconds: the longest time that an app can write does not fit into
// milliseconds.
template <class Time>
void check_time(std::string_view field, Time value, Milliseconds least, Milliseconds most) {
  using Seconds = std::chrono::duration<long double>;
  if (Seconds(value) >= Seconds(least) && Seconds(value) <= Seconds(most)) return;
  constexpr Seconds kFitsIntoMilliseconds(1e15L);
  const bool fits =
      Seconds(value) > -kFitsIntoMilliseconds && Seconds(value) < kFitsIntoMilliseconds;
  throw ConfigError(field,
                    fits ? text_of(std::chrono::duration_cast<Milliseconds>(value))
                         : std::to_string(value.count()) + " s",
                    "it must be between " + text_of(least) + " and " + text_of(most));
}

void check_text(std::string_view field, const std::string& text, std::size_t most) {
  if (text.size() > most) {
    throw ConfigError(field, std::to_string(text.size()) + " bytes",
                      "at most " + std::to_string(most) + " bytes are taken");
  }
  if (const auto why = mqtt_engine::why_not_utf8(text); !why.empty()) {
    throw ConfigError(field, text, why + "; MQTT wants plain UTF-8 (section 1.5.4)");
  }
}

void check_client_id(const Options& options) {
  if (options.client_id.empty()) {
    throw ConfigError("client_id", "",
                      "give each device a name of its own: the broker keeps its "
                      "subscriptions and queued messages under it");
  }
  check_text("client_id", options.client_id, limits::kMaxClientIdBytes);
}

void check_credentials(const Options& options) {
  check_text("username", options.username, limits::kMaxCredentialBytes);
  if (options.password.size() > limits::kMaxCredentialBytes) {
    throw ConfigError(
        "password", std::to_string(options.password.size()) + " bytes",
        "at most " + std::to_string(limits::kMaxCredentialBytes) + " bytes are taken");
  }
  if (options.username.empty() && !options.password.empty() &&
      options.mqtt_version == MqttVersion::v3_1_1) {
    throw ConfigError("username", "", "MQTT 3.1.1 takes a password only with a user name");
  }
}

void check_will(const Options& options) {
  if (!options.will) return;
  const Will& will = *options.will;
  if (const auto why = mqtt_engine::why_not_topic(will.topic); !why.empty()) {
    throw ConfigError("will.topic", will.topic, why);
  }
  if (will.payload.size() > limits::kMaxPayloadBytes) {
    throw ConfigError("will.payload", std::to_string(will.payload.size()) + " bytes",
                      "at most " + std::to_string(limits::kMaxPayloadBytes) + " bytes are taken");
  }
  if (will.qos == Qos::exactly_once) {
    throw ConfigError("will.qos", "exactly_once", "use at_least_once");
  }
  check_time("will.delay", will.delay, 0s, 24h * 365);
}

void check_presence(const Options& options) {
  if (!options.presence) return;
  const Presence& presence = *options.presence;
  if (const auto why = mqtt_engine::why_not_topic(presence.topic); !why.empty()) {
    throw ConfigError("presence.topic", presence.topic, why);
  }
  if (options.will) {
    throw ConfigError(
        "presence.topic", presence.topic,
        "a connection has one will, and presence needs it; leave `will` empty and let "
        "the back end go by the status, or leave `presence` out");
  }
  if (presence.refresh != 0s) {
    check_time("presence.refresh", presence.refresh, limits::kMinPresenceRefresh, 24h * 365);
  }
  if (presence.offline_after == 0s) return;
  if (options.mqtt_version == MqttVersion::v3_1_1) {
    throw ConfigError("presence.offline_after",
                      std::to_string(presence.offline_after.count()) + " s",
                      "MQTT 3.1.1 has no will delay; leave it at 0, or use MqttVersion::v5");
  }
  // Less, and a line that the broker finds dead before the device does would be told as an absence.
  check_time("presence.offline_after", presence.offline_after, 2 * options.reachable_within,
             24h * 365);
}

// How long the broker waits for the device before it publishes the will, and so how long it may be
// away without anybody being told.
std::chrono::seconds will_delay_of(const Options& options) {
  if (!options.presence || options.mqtt_version == MqttVersion::v3_1_1) return 0s;
  if (options.presence->offline_after > 0s) return options.presence->offline_after;
  return 2 * options.reachable_within +
         std::chrono::ceil<std::chrono::seconds>(options.backoff.cap);
}

void check_trace(const Options& options) {
  if (!options.allow_trace || (options.status_socket && !options.state_dir.empty())) return;
  throw ConfigError("allow_trace", "true",
                    "a trace is asked for through the socket in state_dir; set state_dir, and do "
                    "not switch status_socket off");
}

void check_times(const Options& options) {
  check_time("session_expiry", options.session_expiry, 0s, 24h * 365);
  check_time("reachable_within", options.reachable_within, 10s, 18h);
  const Backoff& backoff = options.backoff;
  check_time("backoff.cap", backoff.cap, 1ms, 24h);
  check_time("backoff.base", backoff.base, 1ms, backoff.cap);
  check_time("backoff.stable_after", backoff.stable_after, 0ms, 24h);
  const Timeouts& timeouts = options.timeouts;
  for (const auto& [field, value] : {std::pair("timeouts.resolve", timeouts.resolve),
                                     std::pair("timeouts.connect", timeouts.connect),
                                     std::pair("timeouts.handshake", timeouts.handshake),
                                     std::pair("timeouts.connack", timeouts.connack),
                                     std::pair("timeouts.response", timeouts.response),
                                     std::pair("timeouts.ack", timeouts.ack)}) {
    check_time(field, value, 10ms, 1h);
  }
}

void check_resumption(const Resumption& resumption) {
  check_time("resumption.max_age", resumption.max_age, 1s, limits::kMaxResumptionAge);
  if (resumption.max_without_clock > limits::kMaxResumptionsWithoutClock) {
    throw ConfigError("resumption.max_without_clock", std::to_string(resumption.max_without_clock),
                      "it must be at most " + std::to_string(limits::kMaxResumptionsWithoutClock));
  }
}

void check_outbox(const OutboxLimits& outbox) {
  if (outbox.messages < 1 || outbox.messages > 10'000'000) {
    throw ConfigError("outbox.messages", std::to_string(outbox.messages),
                      "it must be between 1 and 10000000");
  }
  if (outbox.bytes < 1) throw ConfigError("outbox.bytes", "0", "it must hold at least one payload");
  constexpr auto kLeast = std::uint64_t{1024} * 1024;
  constexpr auto kMost = std::uint64_t{64} * 1024 * 1024 * 1024;
  if (outbox.file_bytes < kLeast || outbox.file_bytes > kMost) {
    throw ConfigError(
        "outbox.file_bytes", std::to_string(outbox.file_bytes),
        "it must be between " + std::to_string(kLeast) + " and " + std::to_string(kMost));
  }
  const GroupCommit& group = outbox.group_commit;
  if (group.messages < 1 || group.messages > 4'096) {
    throw ConfigError("outbox.group_commit.messages", std::to_string(group.messages),
                      "it must be between 1 and 4096");
  }
  check_time("outbox.group_commit.time", group.time, 0ms, 10s);
}

void check_budget(const Options& options) {
  if (!options.budget) return;
  const Budget& budget = *options.budget;
  if (budget.bytes_per_month < limits::kMinBudgetBytes ||
      budget.bytes_per_month > limits::kMaxBudgetBytes) {
    throw ConfigError("budget.bytes_per_month", std::to_string(budget.bytes_per_month),
                      "it must be between " + std::to_string(limits::kMinBudgetBytes) + " and " +
                          std::to_string(limits::kMaxBudgetBytes) + " bytes");
  }
  if (budget.reserve_for_urgent >= budget.bytes_per_month) {
    throw ConfigError("budget.reserve_for_urgent", std::to_string(budget.reserve_for_urgent),
                      "it is a part of budget.bytes_per_month (" +
                          std::to_string(budget.bytes_per_month) +
                          ") and has to leave some of it to all other messages");
  }
  if (budget.billing_day < 1 || budget.billing_day > 31) {
    throw ConfigError("budget.billing_day", std::to_string(budget.billing_day),
                      "it is a day of the month, 1 to 31");
  }
}

void check_own_topic(const std::string& field, const std::string& topic) {
  if (topic.empty()) return;
  if (const auto why = mqtt_engine::why_not_topic(topic); !why.empty()) {
    throw ConfigError(field, topic, why);
  }
}

pinning::Roots root_keys_of(const PinUpdates& updates) {
  pinning::Roots roots{.version = updates.roots_version, .threshold = updates.threshold};
  if (updates.root_keys.empty()) {
    if (!updates.topic.empty() || !updates.file.empty()) {
      throw ConfigError("pin_updates.root_keys", "",
                        "without root keys no pin set can be verified; make one with `holdfast "
                        "keygen --root`, or leave pin_updates.topic and pin_updates.file empty");
    }
    return {};
  }
  for (std::size_t i = 0; i < updates.root_keys.size(); ++i) {
    std::string reason;
    const auto key = pinning::parse_root_key(updates.root_keys[i], reason);
    if (!key) {
      throw ConfigError("pin_updates.root_keys[" + std::to_string(i) + "]", updates.root_keys[i],
                        reason +
                            "; write ed25519/ and the base64 that `holdfast keygen --root` "
                            "prints");
    }
    roots.keys.push_back(*key);
  }
  if (const auto why = pinning::why_not_roots(roots); !why.empty()) {
    throw ConfigError("pin_updates", std::to_string(roots.keys.size()) + " root keys", why);
  }
  return roots;
}

pinning::BuiltIn built_in_of(const Options& options) {
  pinning::BuiltIn built_in;
  built_in.version = options.pins_version;
  built_in.pins = pinning::PinSet(options.pins, options.pin_count).pins();
  if (!options.candidate_pins.empty()) {
    built_in.candidates =
        pinning::PinSet(options.candidate_pins, PinCount::one_is_enough, "candidate_pins").pins();
  }
  built_in.roots = root_keys_of(options.pin_updates);
  built_in.pin_count = options.pin_count;
  built_in.expired = options.pin_updates.expired;
  check_own_topic("pin_updates.topic", options.pin_updates.topic);
  check_own_topic("pin_updates.report_topic", options.pin_updates.report_topic);
  return built_in;
}

// The address of another broker than the first.
channel::BrokerUrl broker_of(const std::string& field, const std::string& text) {
  try {
    return channel::parse_broker_url(text);
  } catch (const ConfigError& error) {
    throw ConfigError(field, error.value(), error.mend());
  }
}

std::optional<RecoverySettings> recovery_of(const Options& options) {
  if (!options.recovery) return std::nullopt;
  const Recovery& recovery = *options.recovery;
  if (options.pin_updates.topic.empty()) {
    throw ConfigError("recovery.broker", recovery.broker,
                      "a recovery broker brings a pin set; set pin_updates.topic, where it has it");
  }
  check_time("recovery.after", recovery.after, 1s, 24h * 365);
  return RecoverySettings{broker_of("recovery.broker", recovery.broker),
                          std::make_shared<const pinning::TrustedKeys>(pinning::PinSet(
                              recovery.pins, PinCount::one_is_enough, "recovery.pins")),
                          recovery.after};
}

std::vector<FallbackSettings> fallbacks_of(const Options& options) {
  const auto& list = options.fallback_brokers;
  if (list.size() > limits::kMaxFallbackBrokers) {
    throw ConfigError("fallback_brokers", std::to_string(list.size()) + " brokers",
                      "at most " + std::to_string(limits::kMaxFallbackBrokers) +
                          " are taken; put the others behind one name");
  }
  std::vector<FallbackSettings> fallbacks;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string field = "fallback_brokers[" + std::to_string(i) + "]";
    FallbackSettings fallback{broker_of(field + ".broker", list[i].broker), {}};
    if (!list[i].pins.empty()) {
      fallback.pins =
          pinning::PinSet(list[i].pins, PinCount::one_is_enough, field + ".pins").pins();
    }
    fallbacks.push_back(std::move(fallback));
  }
  return fallbacks;
}

// The kernel's own rule (dev_valid_name): 15 bytes, no slash, no colon, no white space.
void check_network_interface(const std::string& name) {
  const bool fits = name.size() < IFNAMSIZ && name != "." && name != "..";
  const bool is_clean = std::none_of(name.begin(), name.end(), [](unsigned char character) {
    return character == '/' || character == ':' || character == 0 || std::isspace(character) != 0;
  });
  if (fits && is_clean) return;
  throw ConfigError("network_interface", name.substr(0, 80),
                    "write the name of an interface as `ip link` shows it, at most " +
                        std::to_string(IFNAMSIZ - 1) + " bytes, for instance wwan0");
}

channel::Reach reach_of(const Options& options) {
  check_time("address_lifetime", options.address_lifetime, 0s, limits::kMaxAddressLifetime);
  check_network_interface(options.network_interface);
  channel::Reach reach{.network_interface = options.network_interface,
                       .address_lifetime = options.address_lifetime};
  if (!options.proxy.empty()) reach.proxy = channel::parse_proxy_url(options.proxy);
  return reach;
}

}  // namespace

Settings check_options(Options options) {
  auto broker = channel::parse_broker_url(options.broker);
  check_client_id(options);
  auto built_in = built_in_of(options);
  auto fallbacks = fallbacks_of(options);
  auto reach = reach_of(options);
  auto recovery = recovery_of(options);
  check_credentials(options);
  check_will(options);
  check_trace(options);
  check_times(options);
  check_presence(options);
  check_resumption(options.resumption);
  check_outbox(options.outbox);
  check_budget(options);
  std::vector<std::string> warnings = channel::check_library();
  auto tls = channel::make_tls_policy(options, warnings);
  std::string reply_topic =
      options.reply_topic.empty() ? "reply/" + options.client_id : options.reply_topic;
  const auto will_delay = will_delay_of(options);
  if (options.session_expiry < will_delay) {
    warnings.push_back("session_expiry of " + std::to_string(options.session_expiry.count()) +
                       " s is shorter than the will delay of " +
                       std::to_string(will_delay.count()) +
                       " s, and ends it: the broker tells of short absences, too");
  }
  return {std::move(options),  std::move(broker),   std::move(fallbacks), std::move(reach),
          std::move(built_in), std::move(recovery), std::move(tls),       std::move(reply_topic),
          will_delay,          std::move(warnings)};
}

namespace {

Failure check_durable(const PublishOptions& options, bool has_state_dir) {
  if (!options.durable.is_kept()) return {};
  if (!has_state_dir) {
    return {Errc::invalid_options,
            "durable: there is no place to keep the message; set Options::state_dir"};
  }
  if (options.qos != Qos::at_least_once) {
    return {Errc::invalid_options,
            "durable with QoS " + std::to_string(static_cast<int>(options.qos)) +
                ": only messages of QoS 1 are kept; publish it with Qos::at_least_once"};
  }
  const auto interval = options.durable.interval();
  if (interval < 0ms || interval > 24h) {
    return {Errc::invalid_options,
            "durable within " + text_of(interval) + ": it must be between 1 ms and 24 h"};
  }
  return {};
}

Failure check_properties(const PublishOptions& options, MqttVersion version) {
  const std::string& type = options.content_type;
  const std::string& response = options.response_topic;
  const std::size_t correlation_bytes = options.correlation_data.size();
  if (type.empty() && response.empty() && correlation_bytes == 0) return {};
  if (version == MqttVersion::v3_1_1) {
    const char* field = !type.empty()       ? "content_type"
                        : !response.empty() ? "response_topic"
                                            : "correlation_data";
    return {Errc::invalid_options, std::string(field) +
                                       ": MQTT 3.1.1 cannot carry it; leave it empty, or set "
                                       "Options::mqtt_version to MqttVersion::v5"};
  }
  const auto too_long = [](const char* field, std::size_t bytes, std::size_t most) -> Failure {
    return {Errc::invalid_options, std::string(field) + " of " + std::to_string(bytes) +
                                       " bytes: at most " + std::to_string(most) + " are taken"};
  };
  if (type.size() > limits::kMaxContentTypeBytes) {
    return too_long("content_type", type.size(), limits::kMaxContentTypeBytes);
  }
  if (const auto why = mqtt_engine::why_not_utf8(type); !why.empty()) {
    return {Errc::invalid_options, "content_type: " + why + "; MQTT wants plain UTF-8"};
  }
  if (!response.empty()) {
    if (const auto why = mqtt_engine::why_not_topic(response); !why.empty()) {
      return {Errc::invalid_topic, "response_topic \"" + response.substr(0, 80) + "\": " + why};
    }
  }
  if (correlation_bytes > limits::kMaxCorrelationBytes) {
    return too_long("correlation_data", correlation_bytes, limits::kMaxCorrelationBytes);
  }
  return {};
}

}  // namespace

Failure check_publish(std::string_view topic, std::size_t payload_bytes,
                      const PublishOptions& options, bool has_state_dir, MqttVersion version) {
  if (const auto why = mqtt_engine::why_not_topic(topic); !why.empty()) {
    return {Errc::invalid_topic, "topic \"" + std::string(topic.substr(0, 80)) + "\": " + why};
  }
  if (payload_bytes > limits::kMaxPayloadBytes) {
    return {Errc::payload_too_large,
            "a payload of " + std::to_string(payload_bytes) + " bytes; at most " +
                std::to_string(limits::kMaxPayloadBytes) + " are taken: send it in parts"};
  }
  if (options.max_delay < 0ms || options.max_delay > 24h) {
    return {Errc::invalid_options,
            "max_delay of " + text_of(options.max_delay) + ": it must be between 0 and 24 h"};
  }
  if (options.ttl < 0ms || options.ttl > 24h * 365) {
    return {Errc::invalid_options,
            "ttl of " + text_of(options.ttl) + ": it must be between 0 and 365 days"};
  }
  if (options.ttl > 0ms && options.ttl <= options.max_delay) {
    return {Errc::invalid_options, "ttl of " + text_of(options.ttl) + " ends before max_delay of " +
                                       text_of(options.max_delay) +
                                       ": the message could never be sent"};
  }
  if (options.key.size() > limits::kMaxKeyBytes) {
    return {Errc::invalid_options, "key of " + std::to_string(options.key.size()) +
                                       " bytes: at most " + std::to_string(limits::kMaxKeyBytes) +
                                       " are taken"};
  }
  if (Failure failure = check_properties(options, version)) return failure;
  return check_durable(options, has_state_dir);
}

PublishOptions publish_options(const StreamOptions& options) {
  return {.qos = options.qos,
          .max_delay = options.max_delay,
          .ttl = options.ttl,
          .priority = options.priority,
          .order = options.order,
          .durable = options.durable,
          .content_type = options.content_type};
}

Failure check_stream(std::string_view topic, const StreamOptions& options, bool has_state_dir,
                     MqttVersion version) {
  if (Failure failure = check_publish(topic, 0, publish_options(options), has_state_dir, version)) {
    return failure;
  }
  if (options.max_bytes > limits::kMaxBatchBytes) {
    return {Errc::invalid_options, "max_bytes of " + std::to_string(options.max_bytes) +
                                       ": readings can share " +
                                       std::to_string(limits::kMaxBatchBytes) + " bytes at most; " +
                                       std::to_string(limits::kBatchBytes) + " fit one segment"};
  }
  if (options.bounds.when_full == WhenFull::drop_lowest_priority) {
    return {Errc::invalid_options,
            "bounds.when_full of drop_lowest_priority: messages of one stream have one priority; "
            "drop_oldest does it"};
  }
  return {};
}

}  // namespace holdfast::device
