// The link of a device in an app: the channel, the relay and the MQTT client of one generation.
//
// Threads: the worker's thread only.

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
#include "device/link.hpp"
#include "device/window.hpp"
#include "mqtt/acknowledgement.hpp"
#include "mqtt/client.hpp"
#include "mqtt/server_reference.hpp"
#include "relay/relay.hpp"

namespace holdfast::device {

class PahoLink final : public Link, public std::enable_shared_from_this<PahoLink> {
 public:
  PahoLink(const asio::any_io_executor& executor, std::shared_ptr<channel::Channel> channel,
           mqtt_engine::Login login, LinkEvents events);

  /// Logs in over the channel.
  void start();

  bool has_room() override;
  void publish(MessageId id, Qos qos, std::span<const std::byte> packet,
               std::size_t payload_bytes) override;
  void send(std::span<const std::byte> packet) override { relay_->send(packet); }
  void flush() override { relay_->flush(); }
  Failure subscribe(std::uint64_t id, const std::string& filter, Qos qos,
                    mqtt_engine::RetainHandling retain) override;
  void ping() override;
  void probe_after(std::chrono::seconds silence) override { channel_->probe_after(silence); }
  void in_flight(std::size_t count) override {
    channel_->read_in_rhythm(count >= limits::kManyInFlight);
  }
  void close(Parting parting = Parting::taking_will) override;
  void abort() override;
  bool lost_its_address() const override { return channel_->lost_its_address(); }
  channel::ChannelBill bill() const override { return channel_->bill(); }
  Account carried() const override;

  /// This device's address on the connection.
  asio::ip::address local_address() const { return channel_->local_address(); }

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
