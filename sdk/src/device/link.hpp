// One connection, from the verified channel to its end: the channel, the relay and the MQTT client
// of one generation. A link is used once; whatever arrives late belongs to a link that is gone.
//
// Threads: the worker's thread only. No event comes from within a call, except where said.

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include <asio/steady_timer.hpp>

#include <holdfast/status.hpp>

#include "base/failure.hpp"
#include "channel/channel.hpp"
#include "device/window.hpp"
#include "mqtt/acknowledgement.hpp"
#include "mqtt/client.hpp"
#include "mqtt/server_reference.hpp"
#include "relay/relay.hpp"

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
};

/// What becomes of the will at a close in order.
enum class Parting : std::uint8_t {
  taking_will,   ///< it is forgotten
  leaving_will,  ///< it is published as if the device had vanished, after its delay
};

class Link : public std::enable_shared_from_this<Link> {
 public:
  Link(const asio::any_io_executor& executor, std::shared_ptr<channel::Channel> channel,
       mqtt_engine::Login login, LinkEvents events);

  /// Logs in over the channel.
  void start();

  /// Whether the window has room for another message. See window.hpp.
  bool has_room();
  /// Takes the PUBLISH of a message; it leaves with the next `flush`.
  /// @param payload_bytes how much of the packet is the message itself
  void publish(MessageId id, Qos qos, std::span<const std::byte> packet, std::size_t payload_bytes);
  /// Takes another packet, which leaves with the next `flush`.
  void send(std::span<const std::byte> packet) { relay_->send(packet); }
  void flush() { relay_->flush(); }
  Failure subscribe(std::uint64_t id, const std::string& filter, Qos qos,
                    mqtt_engine::RetainHandling retain);
  void ping();
  /// Has the kernel probe the line after so long a silence; 0: never.
  void probe_after(std::chrono::seconds silence) { channel_->probe_after(silence); }

  /// How many messages wait for their acknowledgement.
  void in_flight(std::size_t count) { channel_->read_in_rhythm(count >= limits::kManyInFlight); }

  /// DISCONNECT, close_notify, FIN, in this order, each step bounded. Ends with `ended`.
  void close(Parting parting = Parting::taking_will);
  /// Drops everything at once; no event is made any more.
  void abort();

  /// The host has no longer the address that this connection comes from: nothing will arrive.
  bool lost_its_address() const { return channel_->lost_its_address(); }

  channel::ChannelBill bill() const { return channel_->bill(); }
  /// This device's address on the connection.
  asio::ip::address local_address() const { return channel_->local_address(); }
  /// MQTT bytes so far, by cause.
  Account carried() const;

 private:
  struct Passing {
    MessageId id;
    Qos qos;
  };

  std::size_t in_kernel_at_most() const;
  void look_at_path();
  void await_room();
  void nudge_paho(std::chrono::milliseconds wait);
  relay::RelayEvents relay_events();
  mqtt_engine::ClientEvents client_events();
  channel::ChannelEvents channel_events();
  void publish_passed();
  void answer_came(const relay::Piece& piece);
  void fail(Failure why);
  void paho_hung_up();
  void disconnect(Parting parting);
  void close_channel();
  void channel_closed(Failure why);
  void conclude();

  asio::any_io_executor executor_;
  asio::steady_timer timer_;
  asio::steady_timer nudge_timer_;
  asio::steady_timer room_timer_;
  std::shared_ptr<channel::Channel> channel_;
  std::shared_ptr<relay::Relay> relay_;
  std::unique_ptr<mqtt_engine::Client> client_;
  LinkEvents events_;
  const MqttVersion version_;
  Window window_;
  std::size_t in_kernel_ = 0;     // when it was looked at last
  std::uint64_t taken_then_ = 0;  // by the kernel
  bool awaiting_room_ = false;
  ByteCount payload_bytes_;
  std::deque<Passing> at_relay_;  // published, not yet with TLS
  mqtt_engine::AcknowledgementReader answers_;
  mqtt_engine::ServerReferenceReader references_;
  std::optional<Failure> why_;  // the first failure that tells something
  bool greeted_ = false;        // Paho's CONNECT has passed
  bool awaiting_word_ = false;  // Paho has hung up, and has not said why yet
  bool closing_ = false;        // we asked for the end
  bool channel_closed_ = false;
  bool over_ = false;
};

}  // namespace holdfast::device
