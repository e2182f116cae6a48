#include "observe/traces.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <holdfast/limits.hpp>

namespace holdfast::observe {
namespace {

// As the relay bounds what Paho writes.
constexpr std::size_t kMostUp = limits::kMaxPayloadBytes + std::size_t{64} * 1024;

}  // namespace

LinkTap::LinkTap(MqttVersion version, std::string broker, TraceClock clock)
    : version_(version),
      broker_(std::move(broker)),
      clock_(std::move(clock)),
      up_{PacketCopy(version, kMostUp)},
      down_{PacketCopy(version, limits::kMaxInboundPacketBytes)} {}

void LinkTap::began(const Ends& ends, bool resumed) noexcept {
  try {
    ends_ = ends;
    resumed_ = resumed;
    began_ns_ = clock_();
    if (trace_) open_conversation();
  } catch (const std::exception&) {
    give_up();
  }
}

void LinkTap::ended() noexcept {
  if (!ends_) return;
  try {
    if (conversation_) trace_->closed(*conversation_, clock_());
  } catch (const std::exception&) {
    give_up();
  }
  conversation_.reset();
  ends_.reset();
}

void LinkTap::listen(const std::shared_ptr<Trace>& trace) noexcept {
  trace_ = trace;
  if (!ends_ || gave_up_) return;
  try {
    open_conversation();
    repeat_greeting(up_, Direction::up);
    repeat_greeting(down_, Direction::down);
    up_.copy.join();
    down_.copy.join();
  } catch (const std::exception&) {
    give_up();
  }
}

void LinkTap::leave() noexcept {
  trace_.reset();
  conversation_.reset();
}

// A copy that lost bytes on the way could take a password for something else.
void LinkTap::give_up() noexcept {
  leave();
  gave_up_ = true;
}

void LinkTap::open_conversation() {
  conversation_.emplace(trace_->shown(*ends_));
  trace_->opened(*conversation_, began_ns_,
                 "In truth TLS 1.3 with " + broker_ + (resumed_ ? ", resumed." : "."));
}

void LinkTap::repeat_greeting(Side& side, Direction direction) {
  Bytes greeting = side.copy.greeting();
  if (greeting.empty()) return;
  blank_secrets(greeting, version_, trace_->settings().payloads);
  trace_->data(*conversation_, direction, 0, greeting, side.greeted_ns,
               "From before the trace: kept from the beginning of the connection.");
}

void LinkTap::pass(Direction direction, std::span<const std::byte> bytes) noexcept {
  if (gave_up_) return;
  try {
    pass_on(direction, bytes);
  } catch (const std::exception&) {
    give_up();
  }
}

void LinkTap::pass_on(Direction direction, std::span<const std::byte> bytes) {
  Side& one = side(direction);
  const bool greeted = !one.copy.greeting().empty();
  PacketCopy::Copied copied;
  one.copy.take(bytes, trace_ ? trace_->settings().payloads : Payloads::shown,
                conversation_ ? &copied : nullptr);
  if (!greeted && !one.copy.greeting().empty()) one.greeted_ns = clock_();
  if (copied.bytes.empty()) return;
  if (!trace_->data(*conversation_, direction, copied.offset, copied.bytes, clock_())) {
    one.copy.join();
  }
}

Traces::~Traces() {
  end();
}

std::shared_ptr<LinkTap> Traces::tap(MqttVersion version, std::string broker) {
  std::erase_if(taps_, [](const auto& tap) { return tap.expired(); });
  auto tap = std::make_shared<LinkTap>(version, std::move(broker), clock_);
  if (trace_) tap->listen(trace_);
  taps_.push_back(tap);
  return tap;
}

std::shared_ptr<Trace> Traces::begin(const TraceSettings& settings, std::function<void()> ready) {
  if (trace_) return nullptr;
  trace_ = std::make_shared<Trace>(settings, name_, clock_(), std::move(ready));
  for (const auto& weak : taps_) {
    if (const auto tap = weak.lock()) tap->listen(trace_);
  }
  return trace_;
}

void Traces::end() {
  const auto trace = std::exchange(trace_, nullptr);
  if (!trace) return;
  for (const auto& weak : taps_) {
    if (const auto tap = weak.lock()) tap->leave();
  }
  trace->finish(clock_());
}

}  // namespace holdfast::observe
