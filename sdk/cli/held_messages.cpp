#include "held_messages.hpp"

#include <utility>

namespace holdfast::cli {

bool HeldMessages::hold(const Message& message, Instant now) {
  if (in_vain_.contains(message.topic) || held_.size() >= kMessages ||
      message.payload.size() > kBytes - bytes_) {
    return false;
  }
  bytes_ += message.payload.size();
  held_.push_back({message, now + kWait});
  return true;
}

std::vector<Message> HeldMessages::release(const std::string& topic) {
  in_vain_.erase(topic);
  std::vector<Message> released;
  std::deque<Held> rest;
  for (Held& held : held_) {
    if (held.message.topic == topic) {
      bytes_ -= held.message.payload.size();
      released.push_back(std::move(held.message));
    } else {
      rest.push_back(std::move(held));
    }
  }
  held_ = std::move(rest);
  return released;
}

std::vector<Message> HeldMessages::give_up(Instant now) {
  std::vector<Message> given_up;
  while (!held_.empty() && held_.front().end <= now) {
    Message message = std::move(held_.front().message);
    held_.pop_front();
    bytes_ -= message.payload.size();
    if (in_vain_.size() < kMessages) in_vain_.insert(message.topic);
    given_up.push_back(std::move(message));
  }
  return given_up;
}

std::optional<HeldMessages::Instant> HeldMessages::next_end() const {
  if (held_.empty()) return std::nullopt;
  return held_.front().end;
}

}  // namespace holdfast::cli
