#include <holdfast/error.hpp>

#include <string>

namespace holdfast {
namespace {

std::string describe(Errc error) {
  switch (error) {
    case Errc::invalid_topic:
      return "topic that MQTT forbids";
    case Errc::invalid_filter:
      return "topic filter that MQTT forbids";
    case Errc::payload_too_large:
      return "payload too large";
    case Errc::outbox_full:
      return "outbox full";
    case Errc::expired:
      return "time to live ended";
    case Errc::closed:
      return "device stopped";
    case Errc::too_many:
      return "too many";
    case Errc::invalid_options:
      return "option out of range";
    case Errc::replaced:
      return "replaced by a newer message";
    case Errc::kept:
      return "kept for the next start";
    case Errc::name_not_resolved:
      return "name does not resolve";
    case Errc::unreachable:
      return "host unreachable";
    case Errc::connection_refused:
      return "connection refused";
    case Errc::timed_out:
      return "timed out";
    case Errc::connection_lost:
      return "connection lost";
    case Errc::proxy_refused:
      return "refused by the HTTP proxy";
    case Errc::not_tls:
      return "peer does not speak TLS";
    case Errc::tls_failed:
      return "TLS handshake failed";
    case Errc::identity_refused:
      return "broker's key is not pinned";
    case Errc::pin_set_refused:
      return "pin set refused";
    case Errc::pin_set_expired:
      return "pin set expired";
    case Errc::protocol_error:
      return "MQTT protocol error";
    case Errc::bad_credentials:
      return "bad user name or password";
    case Errc::not_authorised:
      return "not authorised";
    case Errc::client_id_refused:
      return "client identifier refused";
    case Errc::unsupported_version:
      return "MQTT version not supported";
    case Errc::server_busy:
      return "broker busy or unavailable";
    case Errc::banned:
      return "banned by the broker";
    case Errc::session_taken_over:
      return "session taken over by the same client identifier";
    case Errc::topic_refused:
      return "topic refused by the broker";
    case Errc::payload_refused:
      return "payload refused by the broker";
    case Errc::quota_exceeded:
      return "quota exceeded";
    case Errc::refused_by_broker:
      return "refused by the broker";
    case Errc::server_moved:
      return "broker names another server";
    case Errc::use_another_server:
      return "broker names another one to use";
    case Errc::set_aside:
      return "set aside";
    case Errc::malformed_payload:
      return "payload is not a valid FlatBuffer";
    case Errc::foreign_payload:
      return "payload is of another schema";
    case Errc::unknown_layout:
      return "series is of another declaration";
    case Errc::invalid_reading:
      return "reading does not fit its declaration";
    case Errc::handler_failed:
      return "handler threw";
    case Errc::inbound_overflow:
      return "handlers too slow";
    case Errc::system_failure:
      return "operating system refused a resource";
    case Errc::budget_used_up:
      return "the month's bytes are used up";
    case Errc::storage_failed:
      return "state cannot be written";
    case Errc::command_failed:
      return "command failed";
    case Errc::command_refused:
      return "command not run";
    case Errc::command_interrupted:
      return "command interrupted";
    case Errc::reply_lost:
      return "command was run, its reply is lost";
  }
  return "unknown error";
}

std::string describe(Condition condition) {
  switch (condition) {
    case Condition::retry_later:
      return "retry later";
    case Condition::fix_configuration:
      return "fix the configuration";
    case Condition::identity_refused:
      return "identity refused";
    case Condition::expired:
      return "expired";
    case Condition::closed:
      return "closed";
    case Condition::refused:
      return "refused";
  }
  return "unknown condition";
}

Condition condition_of(Errc error) {
  switch (error) {
    case Errc::outbox_full:
    case Errc::name_not_resolved:
    case Errc::unreachable:
    case Errc::connection_refused:
    case Errc::timed_out:
    case Errc::connection_lost:
    case Errc::server_busy:
    case Errc::quota_exceeded:
    case Errc::session_taken_over:
    case Errc::use_another_server:
    case Errc::inbound_overflow:
    case Errc::system_failure:
    case Errc::budget_used_up:
    case Errc::storage_failed:
    case Errc::kept:
      return Condition::retry_later;
    case Errc::invalid_topic:
    case Errc::invalid_filter:
    case Errc::payload_too_large:
    case Errc::too_many:
    case Errc::invalid_options:
    case Errc::proxy_refused:
    case Errc::not_tls:
    case Errc::tls_failed:
    case Errc::protocol_error:
    case Errc::bad_credentials:
    case Errc::client_id_refused:
    case Errc::unsupported_version:
    case Errc::server_moved:
    case Errc::handler_failed:
      return Condition::fix_configuration;
    case Errc::identity_refused:
    case Errc::pin_set_refused:
      return Condition::identity_refused;
    case Errc::pin_set_expired:
    case Errc::expired:
    case Errc::replaced:
      return Condition::expired;
    case Errc::closed:
      return Condition::closed;
    case Errc::not_authorised:
    case Errc::banned:
    case Errc::topic_refused:
    case Errc::payload_refused:
    case Errc::refused_by_broker:
    case Errc::set_aside:
    case Errc::malformed_payload:
    case Errc::foreign_payload:
    case Errc::unknown_layout:
    case Errc::invalid_reading:
    case Errc::command_failed:
    case Errc::command_refused:
    case Errc::command_interrupted:
    case Errc::reply_lost:
      return Condition::refused;
  }
  return Condition::refused;
}

// Error codes and conditions share the category; conditions are told apart by an offset.
constexpr int kConditionOffset = 1'000;

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "holdfast"; }

  std::string message(int value) const override {
    if (value > kConditionOffset) return describe(static_cast<Condition>(value - kConditionOffset));
    return describe(static_cast<Errc>(value));
  }

  std::error_condition default_error_condition(int value) const noexcept override {
    if (value == 0 || value > kConditionOffset) return {value, *this};
    return make_error_condition(condition_of(static_cast<Errc>(value)));
  }
};

std::string sentence(std::string_view field, std::string_view value, std::string_view mend) {
  std::string text;
  text.append(field).append(" = \"").append(value).append("\": ").append(mend);
  return text;
}

}  // namespace

const std::error_category& error_category() noexcept {
  static const Category category;
  return category;
}

std::error_code make_error_code(Errc error) noexcept {
  return {static_cast<int>(error), error_category()};
}

std::error_condition make_error_condition(Condition condition) noexcept {
  return {static_cast<int>(condition) + kConditionOffset, error_category()};
}

ConfigError::ConfigError(std::string_view field, std::string_view value, std::string_view mend)
    : std::invalid_argument(sentence(field, value, mend)),
      field_(field),
      value_(value),
      mend_(mend) {}

}  // namespace holdfast
