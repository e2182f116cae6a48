#include "observe/trace.hpp"

#include <utility>

#include <holdfast/version.hpp>

namespace holdfast::observe {
namespace {

// Of a packet's block: what stands around the packet, without a comment.
constexpr std::size_t kBlockBytes = 64;

}  // namespace

Trace::Trace(const TraceSettings& settings, std::string_view name, std::uint64_t now_ns,
             std::function<void()> ready)
    : settings_(settings), ready_(std::move(ready)) {
  sums_.begun_ns = now_ns;
  append_section(
      waiting_, "holdfast " + std::string(version()),
      "Plain MQTT as it went into TLS and came out of it. Addresses and the device's "
      "ports are true; IP and TCP headers are made up, and so is the broker's port. "
      "Passwords, user names and authentication data are overwritten with '*'" +
          std::string(settings.payloads == Payloads::blanked ? ", and payloads too." : "."));
  append_interface(waiting_, name, "MQTT inside the TLS connections of this device");
}

Ends Trace::shown(Ends ends) const {
  ends.broker.port(settings_.shown_port);
  return ends;
}

// Once something had no room, what is left of the same call has none either: what comes behind the
// gap is to begin with a packet of MQTT.
Conversation::Take Trace::taker(std::uint64_t time_ns, std::string_view comment, bool& complete) {
  return [this, time_ns, comment, &complete](Direction direction,
                                             std::span<const std::byte> packet) mutable {
    ++sums_.packets;
    const std::string_view note = std::exchange(comment, std::string_view());
    complete = complete && waiting_.size() + packet.size() + note.size() + kBlockBytes <=
                               settings_.buffer_bytes;
    if (!complete) {
      ++sums_.dropped;
      ++dropped_since_;
      return;
    }
    append_packet(waiting_, time_ns, packet,
                  {.direction = direction, .dropped_before = dropped_since_, .comment = note});
    dropped_since_ = 0;
  };
}

void Trace::opened(Conversation& conversation, std::uint64_t time_ns, std::string_view comment) {
  if (finished_) return;
  const bool was_empty = waiting_.empty();
  bool complete = true;
  conversation.open(taker(time_ns, comment, complete));
  if (was_empty && !waiting_.empty()) ready_();
}

bool Trace::data(Conversation& conversation, Direction direction, std::uint64_t offset,
                 std::span<const std::byte> bytes, std::uint64_t time_ns,
                 std::string_view comment) {
  if (finished_) return true;
  const bool was_empty = waiting_.empty();
  bool complete = true;
  conversation.data(direction, offset, bytes, taker(time_ns, comment, complete));
  if (was_empty && !waiting_.empty()) ready_();
  return complete;
}

void Trace::closed(Conversation& conversation, std::uint64_t time_ns) {
  if (finished_) return;
  const bool was_empty = waiting_.empty();
  bool complete = true;
  conversation.close(taker(time_ns, {}, complete));
  if (was_empty && !waiting_.empty()) ready_();
}

void Trace::finish(std::uint64_t now_ns) {
  if (std::exchange(finished_, true)) return;
  const bool was_empty = waiting_.empty();
  sums_.ended_ns = now_ns;
  append_sums(waiting_, sums_);
  if (was_empty) ready_();
}

Bytes Trace::take() {
  return std::exchange(waiting_, Bytes());
}

}  // namespace holdfast::observe
