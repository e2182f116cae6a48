// Who may listen to a device's plain MQTT: a tap on each connection, and at most one trace.
//
// A device that does not allow traces has no taps, and its links test a null pointer. With taps and
// without a trace, packets are followed (so that a trace can begin with a whole one) and only
// CONNECT and CONNACK are kept, without their secrets: a connection lasts for weeks, and who comes
// later cannot read MQTT without knowing how it began.
//
// Threads: the device's I/O thread only.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <holdfast/options.hpp>

#include "observe/packet_copy.hpp"
#include "observe/trace.hpp"

namespace holdfast::observe {

/// Nanoseconds since 1970, by whatever clock there is: for people who read a trace.
using TraceClock = std::function<std::uint64_t()>;

/// Hears one connection. Nothing is thrown into the connection: where memory runs out, the trace
/// loses what it could not keep.
class LinkTap {
 public:
  LinkTap(MqttVersion version, std::string broker, TraceClock clock);

  /// Before the first byte. @param resumed the TLS session is that of an earlier connection
  void began(const Ends& ends, bool resumed) noexcept;
  void up(std::span<const std::byte> bytes) noexcept { pass(Direction::up, bytes); }
  void down(std::span<const std::byte> bytes) noexcept { pass(Direction::down, bytes); }
  void ended() noexcept;

 private:
  friend class Traces;

  struct Side {
    PacketCopy copy;
    std::uint64_t greeted_ns = 0;
  };

  void listen(const std::shared_ptr<Trace>& trace) noexcept;
  void leave() noexcept;
  void give_up() noexcept;
  void open_conversation();
  void repeat_greeting(Side& side, Direction direction);
  void pass(Direction direction, std::span<const std::byte> bytes) noexcept;
  void pass_on(Direction direction, std::span<const std::byte> bytes);
  Side& side(Direction direction) { return direction == Direction::up ? up_ : down_; }

  const MqttVersion version_;
  const std::string broker_;
  const TraceClock clock_;
  Side up_;
  Side down_;
  std::optional<Ends> ends_;  // while the connection lasts
  bool resumed_ = false;
  std::uint64_t began_ns_ = 0;
  std::shared_ptr<Trace> trace_;  // null: nobody traces
  std::optional<Conversation> conversation_;
  bool gave_up_ = false;
};

class Traces {
 public:
  /// @param name of the device
  Traces(std::string name, TraceClock clock) : name_(std::move(name)), clock_(std::move(clock)) {}
  ~Traces();
  Traces(const Traces&) = delete;
  Traces& operator=(const Traces&) = delete;

  /// For a connection that is about to log in. @param broker its name and address, for a person
  std::shared_ptr<LinkTap> tap(MqttVersion version, std::string broker);

  /// Begins with the connections that there are. @return null: one runs already
  std::shared_ptr<Trace> begin(const TraceSettings& settings, std::function<void()> ready);
  /// Ends the one that runs; its last block waits to be taken.
  void end();
  bool running() const { return trace_ != nullptr; }

 private:
  const std::string name_;
  const TraceClock clock_;
  std::vector<std::weak_ptr<LinkTap>> taps_;
  std::shared_ptr<Trace> trace_;
};

}  // namespace holdfast::observe
