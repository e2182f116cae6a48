// The core's part in commands: those that this device takes, and those that it sends.

#include <chrono>
#include <exception>
#include <memory>
#include <span>
#include <utility>

#include "device/core.hpp"
#include "mqtt/topic.hpp"

namespace holdfast::device {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kDrawnIdBytes = 16;
constexpr const char* kNeedsMqtt5 =
    "commands need MQTT 5 (response topic, correlation data); set it to MqttVersion::v5";

std::string draw_id(Environment& environment) {
  std::string id;
  while (id.size() < kDrawnIdBytes) {
    const std::uint64_t number = environment.draw();
    id.append(reinterpret_cast<const char*>(&number), sizeof number);
  }
  return id;
}

Failure check_call(const CallOptions& options, MqttVersion version) {
  if (version == MqttVersion::v3_1_1) {
    return {Errc::invalid_options, std::string("mqtt_version: ") + kNeedsMqtt5};
  }
  if (options.deadline < 1s || options.deadline > 24h) {
    return {Errc::invalid_options, "deadline of " + std::to_string(options.deadline.count()) +
                                       " ms: it must be between 1 s and 24 h"};
  }
  if (options.id.size() > limits::kMaxCorrelationBytes) {
    return {Errc::invalid_options, "id of " + std::to_string(options.id.size()) +
                                       " bytes: at most " +
                                       std::to_string(limits::kMaxCorrelationBytes) + " are taken"};
  }
  return {};
}

}  // namespace

void Core::on_command(std::string_view filter, detail::CommandHandler handler) {
  if (settings_.options.mqtt_version == MqttVersion::v3_1_1) {
    throw ConfigError("mqtt_version", "v3_1_1", kNeedsMqtt5);
  }
  shared_.takes_commands = true;  // before there is a subscription: the next login wants to know
  auto shared = std::make_shared<const detail::CommandHandler>(std::move(handler));
  subscribe(filter,
            [this, shared = std::move(shared)](const Message& message) {
              commands_.handle(message, *shared);
            },
            {.qos = Qos::at_least_once});
}

// Before the first call, and once: what comes there belongs to calls.
Failure Core::listen_for_replies() {
  if (listens_for_replies_) return {};
  const std::string& topic = settings_.reply_topic;
  // It is published to as well: no wildcards.
  if (const auto why = mqtt_engine::why_not_topic(topic); !why.empty()) {
    return {Errc::invalid_topic, "reply_topic \"" + topic.substr(0, 80) + "\": " + why};
  }
  try {
    subscribe(topic, [this](const Message& message) { shared_.calls.replied(message); }, {});
  } catch (const ConfigError& error) {
    return {Errc::too_many, error.what()};
  }
  listens_for_replies_ = true;
  return {};
}

Receipt Core::call(std::string_view topic, std::span<const std::byte> payload,
                   const CallOptions& options, detail::CallHandler handler) {
  Failure failure = check_call(options, settings_.options.mqtt_version);
  if (!failure) failure = listen_for_replies();
  if (failure) return refuse(std::move(failure));
  std::string id = options.id;
  try {
    if (id.empty()) id = draw_id(*environment_);
  } catch (const std::exception& error) {
    return refuse({Errc::system_failure, error.what()});
  }
  failure = shared_.calls.add(id, environment_->now() + options.deadline, std::move(handler));
  if (failure) return refuse(std::move(failure));
  const auto bytes = as_payload(id);
  Receipt receipt = publish(topic, payload,
                            {.ttl = options.deadline,
                             .priority = options.priority,
                             .response_topic = settings_.reply_topic,
                             .correlation_data = {bytes.begin(), bytes.end()},
                             .on_done =
                                 [this, id](const Delivery& delivery) {
                                   if (delivery.error) shared_.calls.failed(id, delivery);
                                 }},
                            outbox::kNoStream);
  if (!receipt) shared_.calls.drop(id);
  return receipt;
}

}  // namespace holdfast::device
