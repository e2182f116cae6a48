#include "mqtt/publisher.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::mqtt_engine {
namespace {

constexpr int kFirstError = 0x80;
constexpr std::size_t kPacketIds = kLastPacketId - kFirstPacketId + 1;
// How many identifiers are remembered across connections, of each kind. More do not come together
// as long as what was under way is resent first; they would be sent as new messages.
constexpr std::size_t kMostRemembered = 1'024;

}  // namespace

Publisher::Publisher(MqttVersion version, std::uint32_t first)
    : version_(version),
      next_(static_cast<PacketId>(kFirstPacketId + first % kPacketIds)),
      used_(kPacketIds, false) {}

std::vector<std::byte> Publisher::publish(const Publication& publication, Instant now) {
  if (publication.qos == Qos::at_most_once) {
    return encode_publish(publication, version_, 0, Resent::no);
  }
  Resent resent = Resent::no;
  PacketId packet_id = 0;
  if (const auto known = to_resend_.find(publication.id); known != to_resend_.end()) {
    resent = Resent::yes;
    packet_id = known->second;
    to_resend_.erase(known);
  } else {
    packet_id = draw_packet_id();
  }
  in_flight_.push_back({publication.id, packet_id, publication.qos, now});
  return encode_publish(publication, version_, packet_id, resent);
}

Publisher::Reply Publisher::answered(const Acknowledgement& acknowledgement) {
  Reply reply;
  const PacketId packet_id = acknowledgement.packet_id;
  if (acknowledgement.answer == Answer::pubcomp && abandoned_.erase(packet_id) > 0) {
    release(packet_id);
    return reply;
  }
  const auto exchange =
      std::find_if(in_flight_.begin(), in_flight_.end(),
                   [packet_id](const Exchange& one) { return one.packet_id == packet_id; });
  if (exchange == in_flight_.end()) return reply;
  const bool twice = exchange->qos == Qos::exactly_once;
  const bool refused = acknowledgement.code >= kFirstError;
  switch (acknowledgement.answer) {
    case Answer::puback:
      if (!twice) reply.settled = finish(exchange, acknowledgement.code);
      break;
    case Answer::pubrec:
      if (!twice || exchange->received) break;
      if (refused) {
        reply.settled = finish(exchange, acknowledgement.code);
      } else {
        exchange->received = true;
        reply.packet = encode_pubrel(packet_id);
      }
      break;
    case Answer::pubcomp:
      if (twice && exchange->received) reply.settled = finish(exchange, acknowledgement.code);
      break;
  }
  return reply;
}

Settled Publisher::finish(std::vector<Exchange>::iterator exchange, int code) {
  const Settled settled{exchange->id, code};
  release(exchange->packet_id);
  in_flight_.erase(exchange);
  return settled;
}

std::vector<std::vector<std::byte>> Publisher::resume(bool session_present) {
  std::vector<std::vector<std::byte>> packets;
  if (session_present) {
    for (const PacketId packet_id : abandoned_) packets.push_back(encode_pubrel(packet_id));
    return packets;
  }
  used_.assign(kPacketIds, false);
  to_resend_.clear();
  abandoned_.clear();
  return packets;
}

void Publisher::interrupted() {
  for (const Exchange& exchange : std::exchange(in_flight_, {})) {
    if (exchange.qos == Qos::at_least_once && to_resend_.size() < kMostRemembered) {
      to_resend_[exchange.id] = exchange.packet_id;
    } else if (exchange.qos == Qos::exactly_once && abandoned_.size() < kMostRemembered) {
      abandoned_.insert(exchange.packet_id);
    } else {
      release(exchange.packet_id);
    }
  }
}

void Publisher::forget(MessageId id) {
  const auto known = to_resend_.find(id);
  if (known == to_resend_.end()) return;
  release(known->second);
  to_resend_.erase(known);
}

std::optional<Instant> Publisher::oldest_unanswered() const {
  if (in_flight_.empty()) return std::nullopt;
  return in_flight_.front().since;
}

// Far fewer are in use than there are, see kMostRemembered: there is always a free one.
PacketId Publisher::draw_packet_id() {
  std::size_t at = next_ - kFirstPacketId;
  while (used_[at]) at = (at + 1) % kPacketIds;
  used_[at] = true;
  next_ = static_cast<PacketId>(kFirstPacketId + (at + 1) % kPacketIds);
  return static_cast<PacketId>(kFirstPacketId + at);
}

void Publisher::release(PacketId packet_id) {
  used_[packet_id - kFirstPacketId] = false;
}

}  // namespace holdfast::mqtt_engine
