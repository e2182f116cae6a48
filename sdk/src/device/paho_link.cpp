#include "device/paho_link.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <asio/post.hpp>

#include "mqtt/paho_runtime.hpp"

namespace holdfast::device {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::byte, 2> kPingreq{std::byte{0xC0}, std::byte{0}};
// MQTT 5 section 3.14.2.1; the properties are left out.
constexpr std::array<std::byte, 3> kDisconnectWithWill{std::byte{0xE0}, std::byte{1}, std::byte{4}};

Cause cause_of(relay::PacketType type) {
  using relay::PacketType;
  switch (type) {
    case PacketType::puback:
    case PacketType::pubrec:
    case PacketType::pubrel:
    case PacketType::pubcomp:
      return Cause::acknowledgements;
    case PacketType::pingreq:
    case PacketType::pingresp:
      return Cause::keep_alive;
    default:
      return Cause::mqtt_control;
  }
}

}  // namespace

PahoLink::PahoLink(const asio::any_io_executor& executor, std::shared_ptr<channel::Channel> channel,
                   mqtt_engine::Login login, LinkEvents events)
    : executor_(executor),
      timer_(executor),
      nudge_timer_(executor),
      room_timer_(executor),
      channel_(std::move(channel)),
      events_(std::move(events)),
      version_(login.version) {
  if (version_ == MqttVersion::v5) references_.listen();
  client_ = std::make_unique<mqtt_engine::Client>(executor, std::move(login), client_events());
}

void PahoLink::start() {
  if (events_.tap) {
    events_.tap->began({channel_->local_endpoint(), channel_->remote_endpoint()},
                       channel_->resumed());
  }
  relay_ = std::make_shared<relay::Relay>(executor_, relay_events());
  channel_->set_events(channel_events());
  channel_->pause_reading(false);
  window_.begin(channel_->round_trips().shortest);
  timer_.expires_after(limits::kPipeTimeout);
  timer_.async_wait([weak = weak_from_this()](const std::error_code& error) {
    const auto self = weak.lock();
    if (error || !self || self->greeted_) return;
    self->fail({Errc::system_failure, "Paho has not dialled the private pipe within 10 s"});
  });
  Failure failure;
  const std::uint16_t port = relay_->listen(failure);
  if (!failure) failure = client_->connect(port);
  if (failure) fail(std::move(failure));
}

// Paho's thread may have gone to sleep just before the new socket was in its set: it is woken until
// its first packet comes.
void PahoLink::nudge_paho(std::chrono::milliseconds wait) {
  if (greeted_ || over_) return;
  mqtt_engine::PahoRuntime::instance().wake();
  nudge_timer_.expires_after(wait);
  nudge_timer_.async_wait([weak = weak_from_this(), wait](const std::error_code& error) {
    if (const auto self = weak.lock(); self && !error) self->nudge_paho(std::min(2 * wait, 100ms));
  });
}

relay::RelayEvents PahoLink::relay_events() {
  const auto weak = weak_from_this();
  return {
      .dialled_in =
          [weak] {
            if (const auto self = weak.lock()) self->nudge_paho(1ms);
          },
      .intruder =
          [weak](std::string detail) {
            if (const auto self = weak.lock()) self->events_.intruder(std::move(detail));
          },
      .to_wire =
          [weak](std::span<const std::byte> bytes) {
            const auto self = weak.lock();
            if (!self || self->channel_closed_) return false;
            if (self->events_.tap) self->events_.tap->up(bytes);
            if (Failure failure = self->channel_->write(bytes)) self->fail(std::move(failure));
            return self->channel_->can_write();
          },
      .passed =
          [weak](relay::PacketType type) {
            const auto self = weak.lock();
            // Paho may say DISCONNECT to an end that has closed: nothing of that was sent.
            if (!self || self->over_ || self->channel_closed_) return;
            self->greeted_ = true;
            self->events_.sent();
            if (type == relay::PacketType::publish) self->publish_passed();
          },
      .answered =
          [weak](const relay::Piece& piece) {
            if (const auto self = weak.lock(); self && !self->over_) self->answer_came(piece);
          },
      .overheard =
          [weak](const relay::Piece& piece) {
            const auto self = weak.lock();
            if (!self || self->over_ || self->closing_) return;
            if (auto reference = self->references_.take(piece.bytes, piece.ends)) {
              self->events_.referred(std::move(*reference));
            }
          },
      .arrived =
          [weak](relay::PacketType) {
            if (const auto self = weak.lock(); self && !self->over_) self->events_.received();
          },
      .full =
          [weak](bool full) {
            if (const auto self = weak.lock()) self->channel_->pause_reading(full);
          },
      .hung_up =
          [weak] {
            if (const auto self = weak.lock()) self->paho_hung_up();
          },
      .broken =
          [weak](Failure failure) {
            if (const auto self = weak.lock()) self->fail(std::move(failure));
          },
  };
}

mqtt_engine::ClientEvents PahoLink::client_events() {
  // The client belongs to the link and is silent once it is gone, which is a turn after `abort`:
  // what Paho has said until then may come in between. Messages count all the same, because Paho
  // has acknowledged them.
  return {
      .logged_in =
          [this](const mqtt_engine::Granted& granted) {
            if (!over_) events_.logged_in(granted);
          },
      .ended = [this](Failure failure) { fail(std::move(failure)); },
      .subscribed =
          [this](std::uint64_t id, int code) {
            if (!over_) events_.subscribed(id, code);
          },
      .arrived =
          [this](Message message) {
            payload_bytes_.down += message.payload.size();
            events_.arrived(std::move(message));
          },
  };
}

channel::ChannelEvents PahoLink::channel_events() {
  const auto weak = weak_from_this();
  return {
      .opened = nullptr,
      .data =
          [weak](std::span<const std::byte> bytes) {
            const auto self = weak.lock();
            if (!self) return;
            if (self->events_.tap) self->events_.tap->down(bytes);
            self->relay_->from_wire(bytes);
          },
      .writable =
          [weak] {
            const auto self = weak.lock();
            if (!self || self->over_) return;
            self->relay_->wire_ready();
            self->events_.room();
          },
      .closed =
          [weak](Failure failure) {
            if (const auto self = weak.lock()) self->channel_closed(std::move(failure));
          },
  };
}

bool PahoLink::has_room() {
  const std::size_t pending = relay_->gathered_bytes() + channel_->unsent_bytes();
  const auto fits = [&] {
    return pending < window_.pipe_bytes() && pending + in_kernel_at_most() < window_.bytes();
  };
  if (fits()) return true;
  if (pending > 0 && relay_->wire_takes()) return false;  // there may be after a flush
  look_at_path();
  if (fits()) return true;
  if (pending == 0) await_room();
  return false;
}

// To ask the kernel for each message would cost more than the message.
std::size_t PahoLink::in_kernel_at_most() const {
  return in_kernel_ + static_cast<std::size_t>(channel_->taken_bytes() - taken_then_);
}

void PahoLink::look_at_path() {
  in_kernel_ = channel_->bytes_in_kernel();
  taken_then_ = channel_->taken_bytes();
  window_.measure(std::chrono::steady_clock::now(), taken_then_ - in_kernel_,
                  channel_->round_trips());
  channel_->limit_unsent(window_.bytes() - window_.pipe_bytes());
}

// TCP acknowledges without a word, about a round trip later.
void PahoLink::await_room() {
  if (std::exchange(awaiting_room_, true)) return;
  const auto time =
      std::chrono::ceil<std::chrono::milliseconds>(channel_->round_trips().smoothed / 2);
  room_timer_.expires_after(std::clamp<std::chrono::milliseconds>(time, limits::kWindowLookLeast,
                                                                  limits::kWindowLookMost));
  room_timer_.async_wait([weak = weak_from_this()](const std::error_code& error) {
    const auto self = weak.lock();
    if (error || !self || self->over_) return;
    self->awaiting_room_ = false;
    self->events_.room();
  });
}

void PahoLink::publish(MessageId id, Qos qos, std::span<const std::byte> packet,
                       std::size_t payload_bytes) {
  at_relay_.push_back({id, qos});
  payload_bytes_.up += payload_bytes;
  relay_->send(packet);
}

void PahoLink::publish_passed() {
  if (at_relay_.empty()) return;
  const Passing passing = at_relay_.front();
  at_relay_.pop_front();
  if (passing.qos == Qos::at_most_once) events_.sent_at_most_once(passing.id);
  events_.room();
}

void PahoLink::answer_came(const relay::Piece& piece) {
  const auto answer = answers_.take(piece.bytes, piece.ends);
  if (answer) {
    events_.answered(*answer);
  } else if (answers_.malformed()) {
    fail({Errc::protocol_error, "the broker sent an acknowledgement that MQTT does not allow"});
  }
}

Account PahoLink::carried() const {
  Account account;
  if (!relay_) return account;
  const auto add = [&account](const auto& side, std::uint64_t ByteCount::*bytes) {
    for (std::size_t type = 0; type < side.size(); ++type) {
      account[cause_of(static_cast<relay::PacketType>(type))].*bytes += side[type];
    }
  };
  add(relay_->carried().up, &ByteCount::up);
  add(relay_->carried().down, &ByteCount::down);
  // A PUBLISH is counted as control first, all of it: what is the message's own is moved.
  account[Cause::payload] = payload_bytes_;
  account[Cause::mqtt_control].up -= payload_bytes_.up;
  account[Cause::mqtt_control].down -= payload_bytes_.down;
  return account;
}

void PahoLink::ping() {
  relay_->send(kPingreq);
  relay_->flush();
}

Failure PahoLink::subscribe(std::uint64_t id, const std::string& filter, Qos qos,
                            mqtt_engine::RetainHandling retain) {
  Failure failure = client_->subscribe(id, filter, qos, retain);
  // The relay reads the pipe on this thread: it cannot have seen the packet yet.
  if (!failure) relay_->expect_subscribe();
  return failure;
}

void PahoLink::close(Parting parting) {
  if (over_ || closing_ || why_) return;
  closing_ = true;
  channel_->expect_close();
  disconnect(parting);
  timer_.expires_after(limits::kCloseTimeout);
  timer_.async_wait([weak = weak_from_this()](const std::error_code& error) {
    if (const auto self = weak.lock(); self && !error) self->close_channel();
  });
}

void PahoLink::disconnect(Parting parting) {
  if (parting == Parting::taking_will) {
    client_->disconnect();  // ends in hung_up
    return;
  }
  // Paho C 1.3.12 sends reason 0 whatever it is told. MQTT 3.1.1 has no such DISCONNECT: without
  // any, the broker publishes the will.
  if (version_ == MqttVersion::v5) {
    relay_->send(kDisconnectWithWill);
    relay_->flush();
  }
  close_channel();
}

// What ended the connection: the reason that the broker gave in a packet says more than the bare
// end of the TCP connection that follows it, or that came first.
void PahoLink::fail(Failure why) {
  if (over_ || closing_) return;
  awaiting_word_ = false;
  if (!why_ || (why_->error == Errc::connection_lost && why.error != Errc::connection_lost)) {
    why_ = std::move(why);
  }
  if (channel_closed_) {
    conclude();
  } else {
    close_channel();
  }
}

// Paho closes its end first and says why afterwards, from a thread of its own: when the broker has
// refused the login, say. What it has to say decides what comes next, so it is waited for.
void PahoLink::paho_hung_up() {
  if (over_ || channel_closed_) return;
  if (closing_ || why_) {
    close_channel();
    return;
  }
  awaiting_word_ = true;
  why_ = Failure(Errc::connection_lost, "Paho closed its end of the private pipe");
  timer_.expires_after(limits::kCloseTimeout);
  timer_.async_wait([weak = weak_from_this()](const std::error_code& error) {
    if (const auto self = weak.lock(); self && !error) self->close_channel();
  });
}

void PahoLink::close_channel() {
  if (over_ || channel_closed_) return;
  awaiting_word_ = false;
  // In a turn of its own: we may be inside one of the channel's callbacks.
  asio::post(executor_, [self = shared_from_this()] { self->channel_->close(); });
}

void PahoLink::channel_closed(Failure why) {
  channel_closed_ = true;
  if (over_) return;
  if (closing_ || (why_ && !awaiting_word_)) {
    conclude();
    return;
  }
  // The broker ended it. Paho reads what came before, perhaps a DISCONNECT with a reason, then the
  // end; its word is waited for.
  if (!why) why = Failure(Errc::connection_lost, "the broker closed the connection");
  if (!why_) why_ = std::move(why);
  relay_->wire_ended();
  timer_.expires_after(limits::kCloseTimeout);
  timer_.async_wait([weak = weak_from_this()](const std::error_code& error) {
    if (const auto self = weak.lock(); self && !error) self->conclude();
  });
}

void PahoLink::conclude() {
  if (over_) return;
  Failure why = closing_ || !why_ ? Failure() : std::move(*why_);
  abort();
  // In a turn of its own: `ended` lets go of us, and we are inside a callback of one of our parts.
  asio::post(executor_, [self = shared_from_this(), why = std::move(why)]() mutable {
    self->events_.ended(std::move(why));
  });
}

void PahoLink::abort() {
  if (over_) return;
  over_ = true;
  if (events_.tap) events_.tap->ended();
  timer_.cancel();
  nudge_timer_.cancel();
  room_timer_.cancel();
  channel_->drop();
  if (relay_) relay_->close();
  asio::post(executor_, [self = shared_from_this()] { self->client_.reset(); });
}

}  // namespace holdfast::device
