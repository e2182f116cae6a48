// With which brokers a device has had a session, and the form of that as bytes
// (docs/formats/session_marks.md). What a broker keeps for the client identifier of a device that
// was never there belongs to a predecessor, and is not asked for: the first login starts clean
// (MQTT 5 section 3.1.2.4). Pure.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::session {

class SessionMarks {
 public:
  explicit SessionMarks(std::string client_id) : client_id_(std::move(client_id)) {}

  bool knows(std::string_view broker) const;
  /// A login has succeeded. @return whether that is news to be kept; the broker that was logged in
  /// to longest ago makes room
  bool add(std::string_view broker);

  const std::string& client_id() const { return client_id_; }
  const std::vector<std::string>& brokers() const { return brokers_; }

 private:
  std::string client_id_;
  std::vector<std::string> brokers_;  // that of the newest first login last
};

std::vector<std::uint8_t> encode_session_marks(const SessionMarks& marks);
/// @return empty and `why` set for bytes that are none
std::optional<SessionMarks> decode_session_marks(std::span<const std::uint8_t> bytes,
                                                 std::string& why);

}  // namespace holdfast::session
