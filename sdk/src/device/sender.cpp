#include "device/sender.hpp"

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>
#include <vector>

#include <holdfast/limits.hpp>

#include "mqtt/reason.hpp"
#include "payload/batch.hpp"

namespace holdfast::device {
namespace {

using namespace std::chrono_literals;

// A broker whose quota is used up, or that refuses for now, is asked again after this.
constexpr auto kQuotaPause = 30s;

}  // namespace

Sender::Sender(MqttVersion version, Shared& shared)
    : version_(version),
      shared_(shared),
      publisher_(version, static_cast<std::uint32_t>(shared.environment.draw())) {}

void Sender::begin(Link& link, const mqtt_engine::Granted& granted, Instant now) {
  link_ = &link;
  granted_ = granted;
  paused_until_.reset();
  // A line that breaks by itself shall break before the suspect is sent, and not be held against
  // it.
  if (suspect_.goes_alone()) paused_until_ = now + limits::kProbation;
  for (const auto& packet : publisher_.resume(granted.session_present)) link.send(packet);
}

void Sender::ended_by_broker(Instant now) {
  const auto since = publisher_.oldest_unanswered();
  // Not what has been waiting for its answer for long.
  if (!since || now - *since > limits::kResponseTimeout) return;
  const MessageId id = publisher_.first_unanswered();
  if (!suspect_.blame(id, publisher_.in_flight() == 1)) return;
  condemned_ = id;
}

void Sender::end() {
  link_ = nullptr;
  publisher_.interrupted();
  if (const MessageId id = std::exchange(condemned_, 0); id != 0) {
    publisher_.forget(id);
    conclude(id, {Errc::set_aside,
                  "the broker ended " + std::to_string(limits::kStrikes) +
                      " connections soon after it got this message, the last time alone; look for "
                      "the reason in the broker's log"});
  }
  shared_.conclude(shared_.outbox.put_back());
}

void Sender::expire(Instant now) {
  for (outbox::Casualty& lost : shared_.outbox.expire(now)) {
    publisher_.forget(lost.entry.id);
    shared_.conclude(std::move(lost.entry), lost.reason);
  }
}

void Sender::pump(Instant now) {
  if (link_ == nullptr) return;
  if (paused_until_ && now >= *paused_until_) paused_until_.reset();
  const std::size_t window =
      suspect_.goes_alone() ? 1 : std::min(limits::kMaxInFlight, granted_.receive_maximum);
  while (!paused_until_ && publisher_.in_flight() < window && link_->has_room()) {
    const outbox::Entry* entry = shared_.outbox.take(now);
    if (entry == nullptr) break;
    send(*entry, now);
  }
  link_->flush();
  link_->in_flight(publisher_.in_flight());
}

void Sender::send(const outbox::Entry& entry, Instant now) {
  std::vector<std::byte> sealed;
  std::span<const std::byte> payload = entry.payload;
  if (entry.stream != outbox::kNoStream) {
    const BootTime& time = shared_.boot_time;
    sealed = payload::seal({entry.epoch, entry.sequence, 0}, entry.payload, time.boot(),
                           time.began_ms());
    payload = sealed;
  }
  mqtt_engine::Publication publication{.id = entry.id,
                                       .topic = entry.topic,
                                       .payload = payload,
                                       .qos = entry.qos,
                                       .retain = entry.retain,
                                       .expiry = std::nullopt,
                                       .properties = entry.properties.bytes()};
  if (entry.expires) {
    publication.expiry = std::max<std::chrono::seconds>(
        std::chrono::ceil<std::chrono::seconds>(*entry.expires - now), 1s);
  }
  if (const Failure failure =
          mqtt_engine::why_broker_would_refuse(publication, version_, granted_)) {
    publisher_.forget(entry.id);
    conclude(entry.id, failure);
    return;
  }
  link_->publish(entry.id, entry.qos, publisher_.publish(publication, now), payload.size());
}

void Sender::answered(const mqtt_engine::Acknowledgement& acknowledgement, Instant now) {
  const auto reply = publisher_.answered(acknowledgement);
  if (reply.settled) settled(*reply.settled, now);
  if (!reply.packet.empty() && link_ != nullptr) link_->send(reply.packet);
}

void Sender::settled(const mqtt_engine::Settled& settled, Instant now) {
  constexpr int kFirstError = 0x80;
  if (settled.code < kFirstError) {
    conclude(settled.id, {});
  } else if (mqtt_engine::is_final_refusal(settled.code)) {
    conclude(settled.id,
             mqtt_engine::explain_reason(settled.code, "the broker refused the message"));
  } else {
    shared_.outbox.retry(settled.id);
    paused_until_ = now + kQuotaPause;
    const Failure why = mqtt_engine::explain_reason(settled.code, "the broker put a message off");
    shared_.emit(EventKind::warning, why.error, why.detail + "; it is sent again in 30 s");
  }
}

void Sender::conclude(MessageId id, const Failure& failure) {
  suspect_.acquit(id);
  if (auto entry = shared_.outbox.settle(id, failure)) shared_.conclude(std::move(*entry), failure);
}

}  // namespace holdfast::device
