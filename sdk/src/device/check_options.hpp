// The options of a device, checked and in the form that the rooms need.

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/options.hpp>

#include "base/failure.hpp"
#include "channel/broker_url.hpp"
#include "channel/reach.hpp"
#include "channel/tls_policy.hpp"
#include "pinning/trust.hpp"

namespace holdfast::device {

struct RecoverySettings {
  channel::BrokerUrl broker;
  pinning::SharedKeys keys;
  std::chrono::seconds after;
};

struct FallbackSettings {
  channel::BrokerUrl broker;
  std::vector<pinning::Pin> pins;  ///< empty: the keys that judge the first broker
};

struct Settings {
  Options options;
  channel::BrokerUrl broker;
  std::vector<FallbackSettings> fallbacks;
  channel::Reach reach;
  pinning::BuiltIn built_in;  ///< the pins and root keys that the app was built with
  std::optional<RecoverySettings> recovery;
  channel::TlsPolicy tls;
  std::string reply_topic;             ///< not checked: only who calls needs it
  std::chrono::seconds will_delay{0};  ///< of `Options::presence`; 0: none
  std::vector<std::string> warnings;   ///< what an operator should know before the start
};

/// @throws ConfigError naming the first field that cannot work, its value and the mend.
Settings check_options(Options options);

/// Checks what an app says about one message. @return why it cannot be sent, or no failure.
Failure check_stream(std::string_view topic, const StreamOptions& options, bool has_state_dir,
                     MqttVersion version);
/// How each message of a stream is published.
PublishOptions publish_options(const StreamOptions& options);
Failure check_publish(std::string_view topic, std::size_t payload_bytes,
                      const PublishOptions& options, bool has_state_dir,
                      MqttVersion version = MqttVersion::v5);

}  // namespace holdfast::device
