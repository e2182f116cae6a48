#include "support/link/lane.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::test::link {

// Not std::uniform_real_distribution: what it makes of the same engine is the library's choice.
double Lane::draw() {
  return static_cast<double>(random_() >> 11U) * 0x1.0p-53;
}

void Lane::set(const Conditions& conditions, Instant now) {
  serve(now);
  if (!waiting_.empty()) {
    head_bytes_ = std::max(0.0, head_bytes_ - conditions_.capacity.between(serves_since_, now));
    serves_since_ = now;
  }
  conditions_ = conditions;
  if (!conditions_.black_hole) return;
  lost_ += waiting_.size() + flying_.size();
  waiting_.clear();
  waiting_bytes_ = 0;
  flying_ = {};
}

void Lane::put(Packet packet, Instant now) {
  serve(now);
  // Always as many, so that a change of conditions does not change the luck of later packets.
  const bool lost = draw() < conditions_.loss;
  const bool twice = draw() < conditions_.duplicate;
  const bool held = draw() < conditions_.reorder;
  if (conditions_.black_hole || lost) {
    ++lost_;
    return;
  }
  if (twice) enqueue(packet, Duration(0), now);
  enqueue(std::move(packet), held ? conditions_.reorder_by : Duration(0), now);
}

void Lane::enqueue(Packet packet, Duration late, Instant now) {
  if (conditions_.capacity.unlimited() && waiting_.empty()) {
    fly({std::move(packet), late}, now);
    return;
  }
  if (waiting_bytes_ + packet.size() > conditions_.queue_bytes) {
    ++lost_;
    return;
  }
  if (waiting_.empty()) {
    serves_since_ = now;
    head_bytes_ = static_cast<double>(packet.size());
  }
  waiting_bytes_ += packet.size();
  waiting_.push_back({std::move(packet), late});
}

void Lane::serve(Instant now) {
  while (!waiting_.empty()) {
    const Instant left = conditions_.capacity.finish(serves_since_, head_bytes_);
    if (left > now) return;
    waiting_bytes_ -= waiting_.front().packet.size();
    fly(std::move(waiting_.front()), left);
    waiting_.pop_front();
    serves_since_ = left;
    if (!waiting_.empty()) head_bytes_ = static_cast<double>(waiting_.front().packet.size());
  }
}

void Lane::fly(Waiting waiting, Instant left) {
  flying_.push({left + conditions_.delay + waiting.late, number_++, std::move(waiting.packet)});
}

std::optional<Instant> Lane::next() const {
  std::optional<Instant> next;
  if (!flying_.empty()) next = flying_.top().arrives;
  if (waiting_.empty()) return next;
  const Instant left = conditions_.capacity.finish(serves_since_, head_bytes_);
  return next ? std::min(*next, left) : left;
}

std::vector<Packet> Lane::take(Instant now) {
  serve(now);
  std::vector<Packet> out;
  while (!flying_.empty() && flying_.top().arrives <= now) {
    out.push_back(flying_.top().packet);
    flying_.pop();
  }
  return out;
}

}  // namespace holdfast::test::link
