// The link of a device in a world: what Paho, the relay and the channel are to a device of an app.
//
// Threads: the world's own.

#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "device/link.hpp"
#include "testing/line.hpp"
#include "testing/world_state.hpp"

namespace holdfast::testing {

class ScriptedLink final : public device::Link, public std::enable_shared_from_this<ScriptedLink> {
 public:
  ScriptedLink(WorldState& world, std::shared_ptr<Line> line, mqtt_engine::Login login,
               device::LinkEvents events);

  void start();

  bool has_room() override;
  void publish(MessageId id, Qos qos, std::span<const std::byte> packet,
               std::size_t payload_bytes) override;
  void send(std::span<const std::byte> packet) override;
  void flush() override;
  Failure subscribe(std::uint64_t id, const std::string& filter, Qos qos,
                    mqtt_engine::RetainHandling retain) override;
  void ping() override;
  void probe_after(std::chrono::seconds silence) override { line_->probe_after(silence); }
  void in_flight(std::size_t /*count*/) override {}
  void close(device::Parting parting) override;
  void abort() override;
  bool lost_its_address() const override { return false; }
  channel::ChannelBill bill() const override { return line_->bill().bill(); }
  Account carried() const override { return carried_; }

 private:
  void gather(Upward packet);
  void came(const Downward& packet);
  void take(const Connack& connack);
  void take(const Refusal& refusal);
  void take(const Suback& suback);
  void take(const mqtt_engine::Acknowledgement& answer);
  void take(const Delivered& delivered);
  void take(const Pong&) {}
  void take(const Ended&);
  void finish(Failure why);

  WorldState& world_;
  std::shared_ptr<Line> line_;
  mqtt_engine::Login login_;
  device::LinkEvents events_;
  Account carried_;
  std::vector<Upward> gathered_;
  std::vector<MessageId> at_most_once_;  // of those
  std::size_t gathered_bytes_ = 0;
  Failure why_;  // as the broker has said
  bool up_ = false;
  bool closing_ = false;
  bool over_ = false;
};

}  // namespace holdfast::testing
