#include "mqtt/reason.hpp"

#include <array>
#include <cstdio>
#include <string_view>

namespace holdfast::mqtt_engine {
namespace {

struct Row {
  int code;
  Errc errc;
  std::string_view text;
};

constexpr std::array kRows{
    Row{0x80, Errc::refused_by_broker, "without giving a reason"},
    Row{0x81, Errc::protocol_error, "malformed packet"},
    Row{0x82, Errc::protocol_error, "protocol error"},
    Row{0x83, Errc::refused_by_broker, "a reason of its own implementation; its log tells more"},
    Row{0x84, Errc::unsupported_version,
        "it does not speak this version of MQTT; set mqtt_version"},
    Row{0x85, Errc::client_id_refused, "the client identifier is not valid there; set client_id"},
    Row{0x86, Errc::bad_credentials, "bad user name or password"},
    Row{0x87, Errc::not_authorised, "not authorised; the broker's access list decides"},
    Row{0x88, Errc::server_busy, "server unavailable"},
    Row{0x89, Errc::server_busy, "server busy"},
    Row{0x8A, Errc::banned, "banned by the broker's operator"},
    Row{0x8B, Errc::server_busy, "server shutting down"},
    Row{0x8C, Errc::bad_credentials, "bad authentication method"},
    Row{0x8D, Errc::connection_lost, "keep-alive timeout"},
    Row{0x8E, Errc::session_taken_over,
        "another client connected with the same client identifier; give each device its own"},
    Row{0x8F, Errc::topic_refused, "topic filter invalid"},
    Row{0x90, Errc::topic_refused, "topic name invalid"},
    Row{0x91, Errc::protocol_error, "packet identifier in use"},
    Row{0x92, Errc::protocol_error, "packet identifier not found"},
    Row{0x93, Errc::protocol_error, "receive maximum exceeded"},
    Row{0x94, Errc::protocol_error, "topic alias invalid"},
    Row{0x95, Errc::payload_refused, "packet too large"},
    Row{0x96, Errc::server_busy, "message rate too high"},
    Row{0x97, Errc::quota_exceeded, "quota exceeded"},
    Row{0x98, Errc::server_busy, "administrative action"},
    Row{0x99, Errc::payload_refused, "payload format invalid"},
    Row{0x9A, Errc::refused_by_broker, "it does not support retained messages"},
    Row{0x9B, Errc::refused_by_broker, "it does not support this QoS"},
    Row{0x9C, Errc::use_another_server, "use another server"},
    Row{0x9D, Errc::server_moved, "server moved; change the option broker"},
    Row{0x9E, Errc::refused_by_broker, "it does not support shared subscriptions"},
    Row{0x9F, Errc::server_busy, "connection rate exceeded"},
    Row{0xA0, Errc::server_busy, "maximum connect time"},
    Row{0xA1, Errc::refused_by_broker, "it does not support subscription identifiers"},
    Row{0xA2, Errc::refused_by_broker, "it does not support wildcard subscriptions"},
};

std::string hex(int code) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "0x%02X", static_cast<unsigned>(code) & 0xFFU);
  return text.data();
}

}  // namespace

Failure explain_reason(int code, const std::string& what) {
  for (const Row& row : kRows) {
    if (row.code == code) {
      return {row.errc, what + ": " + std::string(row.text) + " (reason " + hex(code) + ")"};
    }
  }
  return {Errc::refused_by_broker, what + " (reason " + hex(code) + ")"};
}

Failure explain_connack_3(int code) {
  if (code >= 1 && code <= 5) {
    // Return codes 1 to 5 have the meanings of 0x84, 0x85, 0x88, 0x86 and 0x87.
    constexpr std::array<int, 5> kSame{0x84, 0x85, 0x88, 0x86, 0x87};
    return explain_reason(kSame[static_cast<std::size_t>(code - 1)],
                          "the broker refused the login");
  }
  return {Errc::refused_by_broker,
          "the broker refused the login (return code " + std::to_string(code) + ")"};
}

bool is_final_refusal(int code) {
  return code == 0x87 || code == 0x90 || code == 0x95 || code == 0x99 || code == 0x9A ||
         code == 0x9B;
}

}  // namespace holdfast::mqtt_engine
