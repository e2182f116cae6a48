// One trace that runs: the plain MQTT of a device's connections becomes a capture file, in a buffer
// that somebody empties. Who is slow loses packets, and is told how many; the device never waits.
//
// Threads: one at a time.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include <holdfast/limits.hpp>

#include "observe/conversation.hpp"
#include "observe/pcapng.hpp"
#include "observe/secrets.hpp"

namespace holdfast::observe {

struct TraceSettings {
  /// What the broker's port is said to be: tools take MQTT for MQTT by its port, and the true one
  /// (8883) is that of MQTT in TLS.
  std::uint16_t shown_port = 1'883;
  Payloads payloads = Payloads::shown;
  /// What may wait for the reader.
  std::size_t buffer_bytes = limits::kTraceBytes;
};

class Trace {
 public:
  /// @param name of the device  @param ready is called when the buffer stops being empty
  Trace(const TraceSettings& settings, std::string_view name, std::uint64_t now_ns,
        std::function<void()> ready);

  const TraceSettings& settings() const { return settings_; }
  /// `ends` as they are shown.
  Ends shown(Ends ends) const;

  void opened(Conversation& conversation, std::uint64_t time_ns, std::string_view comment);
  /// @return false: not all of it had room
  bool data(Conversation& conversation, Direction direction, std::uint64_t offset,
            std::span<const std::byte> bytes, std::uint64_t time_ns, std::string_view comment = {});
  void closed(Conversation& conversation, std::uint64_t time_ns);

  /// The last block, beyond the buffer's bound if need be. Nothing is taken any more.
  void finish(std::uint64_t now_ns);
  bool finished() const { return finished_; }

  /// Takes all that waits; whole blocks.
  Bytes take();
  const TraceSums& sums() const { return sums_; }

 private:
  Conversation::Take taker(std::uint64_t time_ns, std::string_view comment, bool& complete);

  const TraceSettings settings_;
  const std::function<void()> ready_;
  Bytes waiting_;
  TraceSums sums_;
  std::uint64_t dropped_since_ = 0;  // the last packet that had room
  bool finished_ = false;
};

}  // namespace holdfast::observe
