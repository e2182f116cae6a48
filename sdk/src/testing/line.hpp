// A TCP connection of a world, with TLS as a matter of bytes: bursts of packets go both ways in
// order, take half a round trip, and while the link is down they wait, as the kernel's buffers do.
//
// Threads: the world's own. Nobody is called from within a call.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/failure.hpp"
#include "testing/line_bill.hpp"
#include "testing/packets.hpp"

namespace holdfast::testing {

class ScriptedBroker;
class WorldState;

class Line : public std::enable_shared_from_this<Line> {
 public:
  struct DeviceEnd {
    std::function<void(Downward)> came;
    /// TCP has given up.
    std::function<void(Failure)> broke;
    /// TCP has an acknowledgement.
    std::function<void()> room;
  };

  Line(WorldState& world, ScriptedBroker& broker, std::chrono::milliseconds response,
       std::string address);

  // --- The device's end ---

  void attach(DeviceEnd end, MqttVersion version);
  /// One record. @param bytes of MQTT
  void send(std::vector<Upward> packets, std::size_t bytes);
  /// Bytes that TCP has no acknowledgement of.
  std::size_t unacknowledged() const { return unacknowledged_; }
  void probe_after(std::chrono::seconds silence);
  /// It is gone, in order or with a reset, which the broker learns of if it gets through.
  void leave();
  /// The same, with close_notify and FIN, after all that was sent.
  void close();
  const std::string& address() const { return address_; }
  LineBill& bill() { return bill_; }

  // --- The broker's end ---

  /// What the broker answers at once goes in one segment.
  void answer(std::vector<Downward> packets);
  /// It closes its end after what it has sent.
  void end();

  // --- The world ---

  /// The link is back.
  void try_again();

 private:
  struct Burst {
    std::vector<Upward> packets;
    std::size_t bytes = 0;
    std::uint64_t number = 0;
    Instant due{};      // at the broker
    bool lost = false;  // it has to go once more
    bool last = false;  // FIN
  };
  struct Answers {
    std::vector<Downward> packets;
    std::size_t bytes = 0;
    Instant due{};
    bool lost = false;
  };

  void arrive_up();
  void arrive_down();
  void acknowledge(std::size_t bytes);
  void tell_broker();
  void watch(std::uint64_t number);
  void probe_in(Duration time, std::uint64_t round, unsigned missed);
  void probe(std::uint64_t round, unsigned missed);
  void break_off(Failure why);

  WorldState& world_;
  ScriptedBroker& broker_;
  const std::chrono::milliseconds response_;
  const std::string address_;
  LineBill bill_;
  DeviceEnd device_;
  MqttVersion version_ = MqttVersion::v5;

  std::deque<Burst> up_;
  std::deque<Answers> down_;
  std::uint64_t sent_ = 0;    // bursts
  std::uint64_t landed_ = 0;  // of those
  std::size_t unacknowledged_ = 0;
  bool device_left_ = false;
  bool broker_ended_ = false;
  bool answered_ = false;      // what has just come
  bool broker_knows_ = false;  // that the device has left
  Instant heard_{};            // by the device
  std::chrono::seconds probe_after_{0};
  std::uint64_t probe_round_ = 0;
};

}  // namespace holdfast::testing
