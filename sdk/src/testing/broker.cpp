// The face of a scripted broker.

#include <algorithm>
#include <iterator>
#include <utility>

#include <holdfast/testing.hpp>

#include "mqtt/topic.hpp"
#include "testing/scripted_broker.hpp"

namespace holdfast::testing {
namespace {

// "#" is all, also what begins with a dollar sign.
bool is_wanted(std::string_view filter, std::string_view topic) {
  return filter == "#" || mqtt_engine::matches(filter, topic);
}

int code_of(Reason reason) {
  return static_cast<int>(reason);
}

// A key that is nobody's: no digest of a key has only such bytes.
pinning::Pin wrong_key() {
  pinning::Pin pin;
  pin.digest.fill(0xEE);
  return pin;
}

}  // namespace

std::vector<Published> Broker::published(std::string_view filter) const {
  std::vector<Published> found;
  std::copy_if(
      scripted_->arrived().begin(), scripted_->arrived().end(), std::back_inserter(found),
      [filter](const Published& one) { return !one.refused && is_wanted(filter, one.topic); });
  return found;
}

std::vector<Published> Broker::arrived(std::string_view filter) const {
  std::vector<Published> found;
  std::copy_if(scripted_->arrived().begin(), scripted_->arrived().end(), std::back_inserter(found),
               [filter](const Published& one) { return is_wanted(filter, one.topic); });
  return found;
}

void Broker::forget_published() {
  scripted_->forget_arrived();
}

const std::vector<LoggedIn>& Broker::logins() const {
  return scripted_->logins();
}

bool Broker::is_connected(std::string_view client_id) const {
  return scripted_->is_connected(client_id);
}

std::vector<std::string> Broker::subscriptions(std::string_view client_id) const {
  return scripted_->subscriptions(client_id);
}

std::optional<Published> Broker::retained(std::string_view topic) const {
  return scripted_->retained(topic);
}

void Broker::on_published(std::function<void(const Published&)> handler) {
  scripted_->on_published(std::move(handler));
}

std::size_t Broker::deliver(std::string_view topic, std::span<const std::byte> payload,
                            DeliverOptions options) {
  Message message;
  message.topic = std::string(topic);
  message.payload.assign(payload.begin(), payload.end());
  message.qos = options.qos;
  message.retain = options.retain;
  message.content_type = std::move(options.content_type);
  message.response_topic = std::move(options.response_topic);
  message.correlation_data = std::move(options.correlation_data);
  return scripted_->deliver(std::move(message), options.expires_in);
}

void Broker::prove_wrong_key() {
  scripted_->prove(wrong_key());
}

void Broker::prove_key(std::string_view pin) {
  std::string reason;
  const auto key = pinning::parse_pin(pin, reason);
  if (!key) throw ConfigError("pin", pin, reason);
  scripted_->prove(key);
}

void Broker::prove_right_key() {
  scripted_->prove(std::nullopt);
}

void Broker::lose_next_acknowledgement(unsigned count) {
  scripted_->lose_acknowledgements(count);
}

void Broker::fall_silent() {
  scripted_->set_silent(true);
}

void Broker::speak() {
  scripted_->set_silent(false);
}

void Broker::end_connection() {
  scripted_->end_connections(std::nullopt);
}

void Broker::end_connection(Reason reason, std::string_view reference) {
  scripted_->end_connections(Refusal{.code = code_of(reason), .reference = std::string(reference)});
}

void Broker::go_down() {
  scripted_->set_listening(false);
}

void Broker::come_back() {
  scripted_->set_listening(true);
}

void Broker::forget_sessions() {
  scripted_->forget_sessions();
}

void Broker::refuse(std::string_view filter, Reason reason) {
  scripted_->refuse(filter, code_of(reason));
}

void Broker::refuse_subscription(std::string_view filter, Reason reason) {
  scripted_->refuse_subscription(filter, code_of(reason));
}

void Broker::refuse_logins(Reason reason, std::string_view reference) {
  scripted_->refuse_logins({.code = code_of(reason), .reference = std::string(reference)});
}

void Broker::accept_all() {
  scripted_->accept_all();
}

void Broker::grant(Grants grants) {
  scripted_->grant(grants);
}

}  // namespace holdfast::testing
