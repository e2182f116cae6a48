// Finds the Server Reference (MQTT 5 section 4.11) in a CONNACK or DISCONNECT: the broker names
// another one. Pure.
//
// Paho 1.3.12 hands the properties of a refused CONNECT to nobody, so the relay lets us read along.

#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace holdfast::mqtt_engine {

class ServerReferenceReader {
 public:
  /// Without this it finds nothing: packets of 3.1.1 have no properties.
  void listen() { listening_ = true; }

  /// Bytes of one packet, from its first on. @param ends the packet's last byte is among them
  /// @return the reference once the packet is complete, if it says "use another server" (0x9C) or
  /// "server moved" (0x9D) and names one. A packet above `limits::kMaxServerReferenceBytes` with
  /// some room for other properties, or one that MQTT does not allow, names nobody.
  std::optional<std::string> take(std::span<const std::byte> bytes, bool ends);

 private:
  bool listening_ = false;
  bool too_long_ = false;
  std::vector<std::byte> packet_;
};

}  // namespace holdfast::mqtt_engine
