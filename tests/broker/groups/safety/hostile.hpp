// What the checks of safety share: packets that break rules, the connections that send them, and
// another client that has to notice nothing of it.
//
// Threads: one at a time.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "check.hpp"
#include "stage.hpp"

namespace holdfast::broker_test {

/// The setting where none helps.
inline constexpr const char* kNoSettingMends =
    "no setting mends it: take a newer version, and tell the broker's makers";

/// The body of a packet, field by field, right or wrong.
class Body {
 public:
  Body& byte(unsigned value);
  Body& two(unsigned value);
  Body& text(std::string_view text);  ///< with its length in front
  Body& raw(std::string_view bytes);
  /// A list of properties as it is, with its true length in front; up to 127 bytes.
  Body& properties(std::string_view list) {
    return byte(static_cast<unsigned>(list.size())).raw(list);
  }

  operator const Bytes&() const { return bytes_; }
  operator std::span<const std::uint8_t>() const { return bytes_; }

 private:
  Bytes bytes_;
};

/// Bytes of a literal, which may contain zeros.
template <std::size_t kSize>
constexpr std::string_view octets(const char (&literal)[kSize]) {
  return {literal, kSize - 1};
}

/// What is no UTF-8 string of MQTT (section 1.5.4).
struct BadText {
  const char* what;
  std::string_view bytes;
};
const std::vector<BadText>& bad_texts();

/// No properties, where the version has them.
std::string_view no_properties(Version version);

/// A PUBLISH at QoS 0 with this list of properties; MQTT 5.
Bytes publish_with(const std::string& topic, std::string_view properties);
/// The body of a CONNECT with this list of properties; MQTT 5.
Bytes connect_with(const Connect& packet, std::string_view properties);
/// What follows the fixed header.
Bytes body_of(Bytes packet);

/// Logged in before anything hostile happens. It publishes, and gets its own messages.
class Bystander {
 public:
  enum class Sees { whole_check, own_messages };

  explicit Bystander(Stage& stage, Sees sees = Sees::whole_check);

  const Connack& connack() const { return connack_; }
  /// How long a message of its own takes there and back. @throws PeerError where it is lost
  Clock::duration round_trip();
  /// A round trip; `fail` where it does not work out. @return whether it did
  bool unharmed(Finding& finding);
  /// `fail` where messages under this check's topics came that were not its own.
  bool got_nothing(Finding& finding);
  /// Both.
  bool untouched(Finding& finding);
  /// Others' messages that came so far are not looked at.
  void forget() { strangers_.clear(); }

 private:
  Stage& stage_;
  std::unique_ptr<MqttPeer> peer_;
  Connack connack_;
  std::string topic_;
  unsigned qos_ = 0;
  unsigned count_ = 0;
  std::vector<Publish> strangers_;
};

/// Something that a broker has to answer by closing the connection.
struct Act {
  std::string what;  ///< "QoS 3"
  Bytes bytes;
  std::vector<std::uint8_t> codes{0x81, 0x82};  ///< that MQTT 5 names for it
};

/// What but a close is no failure. A broker that is lenient fails where others can be hurt by it,
/// and is warned where nobody but the sender has anything of it.
enum class Instead {
  nothing,
  refusal,     ///< an acknowledgement with a reason of failure (MQTT 5 only)
  any_answer,  ///< going on gets a warning: it concerns the sender alone
};

/// Sends each act on a connection of its own that is logged in, and judges how it ends. After each
/// the bystander must be untouched.
void provoke(Stage& stage, Finding& finding, const std::vector<Act>& acts,
             Instead instead = Instead::nothing);
/// The same before any login: an answer other than a refusal is a failure.
void provoke_at_login(Stage& stage, Finding& finding, const std::vector<Act>& acts,
                      Instead instead = Instead::nothing);

/// The packet cut short at every byte up to `until` of its body, with a length that is true.
std::vector<Act> shortened(const Bytes& packet, std::size_t until);
/// Connections that end within this packet, after every byte of it. The bystander must be
/// untouched by all that.
void break_off(Stage& stage, Finding& finding, const Bytes& packet, bool logged_in);

/// "with DISCONNECT 0x81 (malformed packet)", "with a reset": how a connection was closed.
std::string text_of(const PeerError& end);

}  // namespace holdfast::broker_test
