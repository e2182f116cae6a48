// MQTT control packets as a test client writes and reads them. What is written may break any rule;
// what is read must keep them, or `Malformed` says which one it broke. Pure.
//
// Sections are those of MQTT 5; 3.1.1 has the same packets without properties and with fewer codes.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace holdfast::broker_test {

using Bytes = std::vector<std::uint8_t>;

enum class Version : std::uint8_t { v311 = 4, v5 = 5 };

enum class Type : std::uint8_t {
  reserved,
  connect,
  connack,
  publish,
  puback,
  pubrec,
  pubrel,
  pubcomp,
  subscribe,
  suback,
  unsubscribe,
  unsuback,
  pingreq,
  pingresp,
  disconnect,
  auth,
};

/// "PUBLISH" and so on.
std::string_view name_of(Type type);

/// Section 2.2.2.2.
enum class Property : std::uint8_t {
  payload_format = 0x01,
  message_expiry = 0x02,
  content_type = 0x03,
  response_topic = 0x08,
  correlation_data = 0x09,
  subscription_identifier = 0x0B,
  session_expiry = 0x11,
  assigned_client_id = 0x12,
  server_keep_alive = 0x13,
  authentication_method = 0x15,
  authentication_data = 0x16,
  request_problem_information = 0x17,
  will_delay = 0x18,
  request_response_information = 0x19,
  response_information = 0x1A,
  server_reference = 0x1C,
  reason_string = 0x1F,
  receive_maximum = 0x21,
  topic_alias_maximum = 0x22,
  topic_alias = 0x23,
  maximum_qos = 0x24,
  retain_available = 0x25,
  user_property = 0x26,
  maximum_packet_size = 0x27,
  wildcard_available = 0x28,
  subscription_identifier_available = 0x29,
  shared_available = 0x2A,
};

/// What the broker has sent breaks a rule; the text says which.
class Malformed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Takes packets and fields from the front of some bytes; throws `Malformed` where they end early.
class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> bytes) : rest_(bytes) {}

  bool empty() const { return rest_.empty(); }
  std::uint8_t byte();
  std::uint16_t two_bytes();
  std::uint32_t four_bytes();
  std::uint32_t variable();  ///< Section 1.5.5.
  std::span<const std::uint8_t> take(std::size_t count);
  std::string text();
  std::string rest();

 private:
  std::span<const std::uint8_t> rest_;
};

class Properties {
 public:
  using Pair = std::pair<std::string, std::string>;

  Properties& number(Property id, std::uint32_t value);
  Properties& text(Property id, std::string value);
  Properties& user(std::string name, std::string value);
  /// All of this kind.
  Properties& remove(Property id);

  std::optional<std::uint32_t> number(Property id) const;
  std::optional<std::string> text(Property id) const;
  std::vector<std::uint32_t> numbers(Property id) const;
  std::vector<Pair> users() const;
  bool has(Property id) const;

  /// With their length in front.
  void append_to(Bytes& bytes) const;
  static Properties read(Reader& from);

 private:
  using Value = std::variant<std::uint32_t, std::string, Pair>;

  std::vector<std::pair<Property, Value>> list_;
};

struct Will {
  std::string topic;
  std::string payload;
  unsigned qos = 0;
  bool retain = false;
  Properties properties{};
};

struct Connect {
  Version version = Version::v5;
  std::string client_id;
  bool clean = true;
  std::uint16_t keep_alive = 60;  ///< seconds
  std::optional<std::string> username{};
  std::optional<std::string> password{};
  std::optional<Will> will{};
  Properties properties{};
};

struct Publish {
  std::string topic;
  std::string payload;
  unsigned qos = 0;
  std::uint16_t packet_id = 0;
  bool duplicate = false;
  bool retain = false;
  Properties properties{};
};

struct Subscription {
  std::string filter;
  std::uint8_t options = 1;  ///< QoS, and with MQTT 5 those of section 3.8.3.1
};

inline constexpr std::uint8_t kNoLocal = 0x04;
inline constexpr std::uint8_t kRetainAsPublished = 0x08;
inline constexpr std::uint8_t kRetainedIfNew = 0x10;  ///< Retain Handling 1
inline constexpr std::uint8_t kNoRetained = 0x20;     ///< Retain Handling 2

/// PUBACK, PUBREC, PUBREL, PUBCOMP.
struct Acknowledgement {
  Type type = Type::puback;
  std::uint16_t packet_id = 0;
  std::uint8_t reason = 0;
  Properties properties{};
};

struct Connack {
  bool session_present = false;
  std::uint8_t reason = 0;  ///< with 3.1.1 its return code
  Properties properties{};
};

/// SUBACK, UNSUBACK.
struct Grants {
  std::uint16_t packet_id = 0;
  std::vector<std::uint8_t> reasons;
  Properties properties{};
};

struct Disconnect {
  std::uint8_t reason = 0;
  Properties properties{};
};

/// A packet with its fixed header taken off.
struct Packet {
  Type type = Type::reserved;
  std::uint8_t flags = 0;
  Bytes body;
  std::size_t size = 0;  ///< with its fixed header
};

Bytes encode(const Connect& packet);
Bytes encode(const Publish& packet, Version version);
Bytes encode(const Acknowledgement& packet, Version version);
Bytes encode(const Disconnect& packet, Version version);
Bytes encode_subscribe(std::uint16_t packet_id, std::span<const Subscription> subscriptions,
                       Version version, const Properties& properties = {});
Bytes encode_unsubscribe(std::uint16_t packet_id, std::string_view filter, Version version);
/// PINGREQ and whatever else is a header and a body.
Bytes encode_raw(Type type, std::uint8_t flags, std::span<const std::uint8_t> body = {});

/// The first packet of `bytes`, which is taken off; empty while it is not whole.
std::optional<Packet> take_packet(Bytes& bytes);

Connack as_connack(const Packet& packet, Version version);
Publish as_publish(const Packet& packet, Version version);
Acknowledgement as_acknowledgement(const Packet& packet, Version version);
Grants as_grants(const Packet& packet, Version version);
Disconnect as_disconnect(const Packet& packet, Version version);

/// "0x87 (not authorised)".
std::string reason_text(std::uint8_t reason);

}  // namespace holdfast::broker_test
