#include "testing/line.hpp"

#include <algorithm>
#include <utility>

#include "testing/scripted_broker.hpp"
#include "testing/world_state.hpp"

namespace holdfast::testing {
namespace {

using namespace std::chrono_literals;

// As channel.cpp sets them: so many probes without an answer, so far apart, and the line is dead.
constexpr unsigned kProbes = 3;
constexpr auto kProbeRepeat = 10s;

}  // namespace

Line::Line(WorldState& world, ScriptedBroker& broker, std::chrono::milliseconds response,
           std::string address)
    : world_(world),
      broker_(broker),
      response_(response),
      address_(std::move(address)),
      heard_(world.now()) {}

// --- The device's end ----------------------------------------------------------------------------

void Line::attach(DeviceEnd end, MqttVersion version) {
  device_ = std::move(end);
  version_ = version;
}

void Line::send(std::vector<Upward> packets, std::size_t bytes) {
  if (device_left_) return;
  up_.push_back({.packets = std::move(packets),
                 .bytes = bytes,
                 .number = ++sent_,
                 .due = world_.now() + world_.way()});
  unacknowledged_ += bytes;
  bill_.sent(bytes);
  world_.after(world_.way(), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->arrive_up();
  });
  world_.after(response_, [weak = weak_from_this(), number = sent_] {
    if (const auto self = weak.lock()) self->watch(number);
  });
}

// TCP_USER_TIMEOUT.
void Line::watch(std::uint64_t number) {
  if (device_left_ || landed_ >= number) return;
  break_off({Errc::timed_out, address_ + " has not acknowledged data for " +
                                  std::to_string(response_.count()) +
                                  " ms; the line is taken for dead"});
}

void Line::probe_after(std::chrono::seconds silence) {
  probe_after_ = silence;
  const std::uint64_t round = ++probe_round_;
  if (silence > 0s) probe_in(silence, round, 0);
}

void Line::probe_in(Duration time, std::uint64_t round, unsigned missed) {
  world_.after(time, [weak = weak_from_this(), round, missed] {
    if (const auto self = weak.lock()) self->probe(round, missed);
  });
}

void Line::probe(std::uint64_t round, unsigned missed) {
  if (device_left_ || round != probe_round_) return;
  if (const Duration silence = world_.now() - heard_; silence < probe_after_) {
    probe_in(probe_after_ - silence, round, 0);
  } else if (!up_.empty()) {
    probe_in(probe_after_, round, 0);  // data is repeated instead
  } else if (!world_.link_is_up() && missed == kProbes) {
    break_off({Errc::timed_out, address_ + ": no answer to " + std::to_string(kProbes) +
                                    " keep-alive probes; the line is taken for dead"});
  } else if (!world_.link_is_up()) {
    bill_.probed(false);
    probe_in(kProbeRepeat, round, missed + 1);
  } else {
    bill_.probed(true);
    heard_ = world_.now();
    probe_in(probe_after_, round, 0);
  }
}

void Line::leave() {
  if (device_left_) return;
  device_left_ = true;
  device_ = {};
  bill_.acknowledged_up();  // RST
  tell_broker();
}

void Line::close() {
  if (device_left_) return;
  bill_.closed();
  up_.push_back({.number = ++sent_, .due = world_.now() + world_.way(), .last = true});
  world_.after(world_.way(), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->arrive_up();
  });
}

// A reset is not repeated: what does not get through is lost.
void Line::tell_broker() {
  world_.after(world_.way(), [self = shared_from_this()] {
    if (!self->world_.link_is_up() || std::exchange(self->broker_knows_, true)) return;
    self->broker_.lost(*self);
  });
}

void Line::break_off(Failure why) {
  device_left_ = true;
  const auto broke = std::exchange(device_, {}).broke;
  if (broke) broke(std::move(why));
}

void Line::arrive_up() {
  const auto self = shared_from_this();  // the broker may let go of it
  while (!up_.empty() && up_.front().due <= world_.now()) {
    if (!world_.link_is_up()) {
      for (Burst& burst : up_) burst.lost = burst.lost || burst.due <= world_.now();
      return;
    }
    const Burst burst = std::move(up_.front());
    up_.pop_front();
    landed_ = burst.number;
    acknowledge(burst.bytes);
    if (broker_ended_) continue;
    answered_ = false;
    if (!burst.packets.empty()) broker_.receive(self, burst.packets);
    if (!answered_) bill_.acknowledged_down();
    if (burst.last && !std::exchange(broker_knows_, true)) {
      broker_.lost(*this);
      end();
    }
  }
}

void Line::acknowledge(std::size_t bytes) {
  world_.after(world_.way(), [weak = weak_from_this(), bytes] {
    const auto self = weak.lock();
    if (!self) return;
    self->unacknowledged_ -= bytes;
    if (self->device_left_) return;
    self->heard_ = self->world_.now();
    if (const auto room = self->device_.room) room();
  });
}

// --- The broker's end ----------------------------------------------------------------------------

void Line::answer(std::vector<Downward> packets) {
  if (broker_ended_ || packets.empty()) return;
  answered_ = true;
  Answers answers{.packets = std::move(packets), .due = world_.now() + world_.way()};
  for (const Downward& packet : answers.packets) answers.bytes += bytes_of(packet, version_);
  down_.push_back(std::move(answers));
  world_.after(world_.way(), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->arrive_down();
  });
}

void Line::end() {
  answer({Ended{}});
  broker_ended_ = true;
}

void Line::arrive_down() {
  const auto self = shared_from_this();  // the device may let go of it
  while (!down_.empty() && down_.front().due <= world_.now()) {
    if (!world_.link_is_up()) {
      for (Answers& answers : down_) answers.lost = answers.lost || answers.due <= world_.now();
      return;
    }
    const Answers answers = std::move(down_.front());
    down_.pop_front();
    if (device_left_) {
      // Its kernel answers with a reset.
      if (!broker_knows_) tell_broker();
      continue;
    }
    heard_ = world_.now();
    if (answers.bytes > 0) {
      bill_.came(answers.bytes, answers.packets.size());
    } else {
      bill_.acknowledged_down();
    }
    for (const Downward& packet : answers.packets) {
      const auto came = device_.came;  // it may leave within
      if (came) came(packet);
    }
  }
}

// --- The world -----------------------------------------------------------------------------------

// What was lost goes once more, and the rest behind it.
void Line::try_again() {
  const auto self = shared_from_this();
  const Instant due = world_.now() + world_.way();
  if (device_left_) std::erase_if(up_, [](const Burst& burst) { return burst.lost; });
  bool up = false;
  for (Burst& burst : up_) {
    if (std::exchange(burst.lost, false)) bill_.repeated(burst.bytes);
    burst.due = std::max(burst.due, due);
    up = true;
  }
  for (Answers& answers : down_) {
    answers.lost = false;
    answers.due = std::max(answers.due, due);
  }
  if (up) world_.after(world_.way(), [self] { self->arrive_up(); });
  if (!down_.empty()) world_.after(world_.way(), [self] { self->arrive_down(); });
}

}  // namespace holdfast::testing
