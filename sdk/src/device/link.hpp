// One connection, from the login to its end. A link is used once; whatever arrives late belongs to
// a link that is gone. A device of an app has Paho's (paho_link.hpp), one of a test's world a
// scripted one (testing/scripted_link.hpp).
//
// Threads: the worker's thread only. No event comes from within a call, except where said.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include <holdfast/status.hpp>

#include "base/failure.hpp"
#include "channel/channel.hpp"
#include "mqtt/acknowledgement.hpp"
#include "mqtt/client.hpp"
#include "observe/traces.hpp"

namespace holdfast::device {

struct LinkEvents {
  std::function<void(const mqtt_engine::Granted&)> logged_in;
  /// The connection is over and its bill final. The last event; a failure unless we closed it.
  std::function<void(Failure)> ended;
  /// The broker answered a PUBLISH or PUBREL.
  std::function<void(const mqtt_engine::Acknowledgement&)> answered;
  /// The broker names another one, and will end the connection.
  std::function<void(std::string reference)> referred;
  /// TLS has taken a QoS 0 message.
  std::function<void(MessageId)> sent_at_most_once;
  std::function<void(std::uint64_t id, int code)> subscribed;
  std::function<void(Message)> arrived;
  /// A packet of ours left, a packet of the broker's came (may come from within `publish`).
  std::function<void()> sent;
  std::function<void()> received;
  /// There may be room for another message.
  std::function<void()> room;
  std::function<void(std::string)> intruder;
  /// Hears the MQTT that goes into TLS and comes out of it; null: nobody may. A scripted link has
  /// no such bytes.
  std::shared_ptr<observe::LinkTap> tap{};
};

/// What becomes of the will at a close in order.
enum class Parting : std::uint8_t {
  taking_will,   ///< it is forgotten
  leaving_will,  ///< it is published as if the device had vanished, after its delay
};

class Link {
 public:
  virtual ~Link() = default;

  /// Whether the window has room for another message. See window.hpp.
  virtual bool has_room() = 0;
  /// Takes the PUBLISH of a message; it leaves with the next `flush`.
  /// @param payload_bytes how much of the packet is the message itself
  virtual void publish(MessageId id, Qos qos, std::span<const std::byte> packet,
                       std::size_t payload_bytes) = 0;
  /// Takes another packet, which leaves with the next `flush`.
  virtual void send(std::span<const std::byte> packet) = 0;
  virtual void flush() = 0;
  virtual Failure subscribe(std::uint64_t id, const std::string& filter, Qos qos,
                            mqtt_engine::RetainHandling retain) = 0;
  virtual void ping() = 0;
  /// Has the kernel probe the line after so long a silence; 0: never.
  virtual void probe_after(std::chrono::seconds silence) = 0;
  /// How many messages wait for their acknowledgement.
  virtual void in_flight(std::size_t count) = 0;

  /// DISCONNECT, close_notify, FIN, in this order, each step bounded. Ends with `ended`.
  virtual void close(Parting parting) = 0;
  /// Drops everything at once; no event is made any more.
  virtual void abort() = 0;

  /// The host has no longer the address that this connection comes from: nothing will arrive.
  virtual bool lost_its_address() const = 0;
  virtual channel::ChannelBill bill() const = 0;
  /// MQTT bytes so far, by cause.
  virtual Account carried() const = 0;
};

}  // namespace holdfast::device
