// Ways to put up with what breaks rules, or to be stricter than mosquitto is; the rules of safety
// put them to use.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "selftest/bends/ways.hpp"

namespace holdfast::broker_test {

/// The fields of a packet that a client sends, as far as they are there.
struct Fields {
  std::string name;         ///< the topic, the first filter, or the client identifier
  Bytes properties;         ///< the list as it is, without its length
  unsigned packet_id = 0;   ///< 0 also where there is none
  unsigned options = 0;     ///< of the first filter
  bool has_filter = false;  ///< a filter, whole, came
  bool whole = false;       ///< none of them is cut
};

/// For CONNECT, PUBLISH, SUBSCRIBE and UNSUBSCRIBE; of others there are none, and they are whole.
Fields fields_of(const Packet& packet, Version version);
/// Empty where it is no CONNECT, or none that can be read.
std::optional<Connect> as_connect(const Packet& packet);

/// What is wrong with a packet of the client's.
using Wrong = std::function<bool(const Packet&, const Fields&)>;

/// Only packets of this type.
Wrong of_type(Type type);
/// What has these bytes in its topic, its filter or its client identifier.
Wrong named_with(Type type, std::string_view bytes);
/// What has these bytes, or nothing else, in its list of properties.
Wrong with_property(Type type, std::string_view bytes);

Wrong any_of(std::vector<Wrong> wrongs);

/// The broker goes on as if it had been a good one: SUBSCRIBE, UNSUBSCRIBE and PUBLISH at QoS 1 are
/// answered, whoever sends a CONNECT gets in, and of others nobody hears.
Bending puts_up_with(Wrong wrong);
/// It closes the connection.
Bending closes_for(Wrong wrong);
/// It closes the sender's connection, and with it everybody else's.
Bending closes_all_for(Wrong wrong);
/// A CONNECT is taken for another one.
Bending takes_connect(std::function<void(Connect&)> change);
/// CONNACK tells this and nothing else.
Bending tells(Property id, std::uint32_t value);

/// One behind the other: what the first leaves is bent by the next one.
Bending all_of(Bending first, Bending then);

/// An answer to CONNECT, of MQTT 5 and without properties.
Bytes connack_with(std::uint8_t reason);
/// An answer that refuses a SUBSCRIBE with one filter; MQTT 5.
Bytes refusal_of(const Packet& subscribe);

}  // namespace holdfast::broker_test
