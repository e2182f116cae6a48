// What a scripted connection would cost on a wire: IPv4, TCP with timestamps and TLS 1.3, on a line
// that loses nothing but what the script takes away. The sums of `economics` with the handshake
// that docs/BENCHMARKS.md has measured. Pure.

#pragma once

#include <cstddef>

#include <holdfast/status.hpp>

#include "channel/channel.hpp"
#include "economics/wire_cost.hpp"
#include "testing/packets.hpp"

namespace holdfast::testing {

class LineBill {
 public:
  /// An attempt that nobody answers has sent so many SYNs.
  void unanswered(std::size_t syns);
  /// @param syns how many it took
  void connected(std::size_t syns);
  /// A full one. @param proven with a key that was believed
  void handshaken(bool proven);

  /// One TLS record with these bytes of MQTT has left; one of so many has come.
  void sent(std::size_t mqtt_bytes);
  void came(std::size_t mqtt_bytes, std::size_t records);
  /// A segment without data.
  void acknowledged_up();
  void acknowledged_down();
  /// What had left goes once more.
  void repeated(std::size_t mqtt_bytes);
  void probed(bool answered);
  void closed();

  channel::ChannelBill bill() const;

 private:
  void carry(ledger::WireBytes& side, std::size_t bytes);

  const economics::Path path_;
  channel::ChannelBill bill_;
};

}  // namespace holdfast::testing
