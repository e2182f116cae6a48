#include "testing/scripted_link.hpp"

#include <utility>
#include <variant>

#include <holdfast/limits.hpp>

#include "mqtt/reason.hpp"

namespace holdfast::testing {

ScriptedLink::ScriptedLink(WorldState& world, std::shared_ptr<Line> line, mqtt_engine::Login login,
                           device::LinkEvents events)
    : world_(world), line_(std::move(line)), login_(std::move(login)), events_(std::move(events)) {}

void ScriptedLink::start() {
  const auto weak = weak_from_this();
  line_->attach({.came =
                     [weak](const Downward& packet) {
                       if (const auto self = weak.lock()) self->came(packet);
                     },
                 .broke =
                     [weak](Failure why) {
                       if (const auto self = weak.lock()) self->finish(std::move(why));
                     },
                 .room =
                     [weak] {
                       if (const auto self = weak.lock(); self && !self->over_) {
                         self->events_.room();
                       }
                     }},
                login_.version);
  gather(Connect{login_});
  // In a turn of its own, as an answer to it would be.
  world_.after(Duration(0), [weak] {
    if (const auto self = weak.lock()) self->flush();
  });
}

// --- To the broker -------------------------------------------------------------------------------

// As window.hpp begins: a world's line has no rate that could be measured.
bool ScriptedLink::has_room() {
  return gathered_bytes_ + line_->unacknowledged() < limits::kInitialWindowBytes;
}

void ScriptedLink::gather(Upward packet) {
  if (over_) return;
  const std::size_t bytes = bytes_of(packet, login_.version);
  carried_[cause_of(packet)].up += bytes;
  gathered_bytes_ += bytes;
  gathered_.push_back(std::move(packet));
}

void ScriptedLink::publish(MessageId id, Qos qos, std::span<const std::byte> packet,
                           std::size_t payload_bytes) {
  gather(read_publish(packet, login_.version));
  carried_[Cause::payload].up += payload_bytes;
  carried_[Cause::mqtt_control].up -= payload_bytes;
  if (qos == Qos::at_most_once) at_most_once_.push_back(id);
}

void ScriptedLink::send(std::span<const std::byte> packet) {
  gather(read_release(packet));
}

void ScriptedLink::flush() {
  if (over_ || gathered_.empty()) return;
  const auto self = shared_from_this();
  line_->send(std::exchange(gathered_, {}), std::exchange(gathered_bytes_, 0));
  events_.sent();
  for (const MessageId id : std::exchange(at_most_once_, {})) events_.sent_at_most_once(id);
  events_.room();
}

Failure ScriptedLink::subscribe(std::uint64_t id, const std::string& filter, Qos qos,
                                mqtt_engine::RetainHandling retain) {
  gather(Subscribe{.id = id, .filter = filter, .qos = qos, .retain = retain});
  // It need not wait for a message.
  world_.after(Duration(0), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->flush();
  });
  return {};
}

void ScriptedLink::ping() {
  gather(Ping{});
  flush();
}

void ScriptedLink::close(device::Parting parting) {
  if (over_ || closing_) return;
  closing_ = true;
  const bool with_will = parting == device::Parting::leaving_will;
  // MQTT 3.1.1 has no DISCONNECT that leaves the will.
  if (!with_will || login_.version == MqttVersion::v5) gather(Leave{.with_will = with_will});
  flush();
  line_->close();
  world_.after(limits::kCloseTimeout, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->finish({});
  });
}

void ScriptedLink::abort() {
  over_ = true;
  line_->leave();
}

// --- From the broker -----------------------------------------------------------------------------

void ScriptedLink::came(const Downward& packet) {
  if (over_) return;
  const auto self = shared_from_this();
  carried_[cause_of(packet)].down += bytes_of(packet, login_.version);
  if (!std::holds_alternative<Ended>(packet)) events_.received();
  if (!over_) std::visit([this](const auto& what) { take(what); }, packet);
}

void ScriptedLink::take(const Connack& connack) {
  up_ = true;
  events_.logged_in(connack.granted);
}

// The end follows.
void ScriptedLink::take(const Refusal& refusal) {
  if (closing_) return;
  if (!refusal.reference.empty()) events_.referred(refusal.reference);
  why_ = mqtt_engine::explain_reason(
      refusal.code, up_ ? "the broker ended the session" : "the broker refused the login");
}

void ScriptedLink::take(const Suback& suback) {
  events_.subscribed(suback.id, suback.code);
}

void ScriptedLink::take(const mqtt_engine::Acknowledgement& answer) {
  events_.answered(answer);
}

void ScriptedLink::take(const Delivered& delivered) {
  if (delivered.number != 0) {
    gather(Confirm{.number = delivered.number});
    flush();
  }
  Message message = delivered.message;
  if (delivered.expiry) message.expires = world_.now() + *delivered.expiry;
  carried_[Cause::payload].down += message.payload.size();
  carried_[Cause::mqtt_control].down -= message.payload.size();
  events_.arrived(std::move(message));
}

void ScriptedLink::take(const Ended& /*ended*/) {
  if (!why_) {
    why_ = up_ ? Failure(Errc::connection_lost, "the broker closed the connection")
               : Failure(Errc::connection_lost, "the broker ended the connection before CONNACK");
  }
  finish(closing_ ? Failure() : std::move(why_));
}

void ScriptedLink::finish(Failure why) {
  if (over_) return;
  const auto self = shared_from_this();
  abort();
  events_.ended(closing_ ? Failure() : std::move(why));
}

}  // namespace holdfast::testing
