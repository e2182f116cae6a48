#include "commands/memory.hpp"

#include <algorithm>
#include <utility>

#include <holdfast/limits.hpp>

namespace holdfast::commands {

void Memory::forget(ByAge::iterator which) {
  reply_bytes_ -= which->second.reply.size();
  ages_.erase(which->second.id);
  by_age_.erase(which);
}

// As the newest, in the place of what was known of it.
void Memory::put(Remembered one) {
  if (const auto known = ages_.find(one.id); known != ages_.end()) {
    forget(by_age_.find(known->second));
  }
  last_seen_ = std::max(last_seen_, one.seen);
  reply_bytes_ += one.reply.size();
  ages_[one.id] = ++last_age_;
  by_age_.emplace(last_age_, std::move(one));
  bound_replies();
}

// The oldest replies go first. That these commands were run stays known.
void Memory::bound_replies() {
  for (auto at = by_age_.begin(); reply_bytes_ > limits::kKeptReplyBytes; ++at) {
    Remembered& one = at->second;
    if (one.state != Remembered::State::answered) continue;
    reply_bytes_ -= one.reply.size();
    one.reply = {};
    one.state = Remembered::State::answered_at_length;
  }
}

void Memory::found(Remembered one) {
  put(std::move(one));
  // A release with a higher bound has written them.
  if (by_age_.size() > limits::kRememberedCommands) forget(by_age_.begin());
}

Memory::Standing Memory::look(const CommandId& id, std::uint64_t request) const {
  const auto known = ages_.find(id);
  if (known == ages_.end()) return Standing::unknown;
  const Remembered& one = by_age_.at(known->second);
  if (one.request != request) return Standing::id_reused;
  switch (one.state) {
    case Remembered::State::begun:
      return Standing::interrupted;
    case Remembered::State::answered:
      return Standing::answered;
    case Remembered::State::answered_at_length:
      return Standing::reply_gone;
  }
  return Standing::interrupted;
}

bool Memory::seen_again(const CommandId& id, Seconds now) {
  Remembered one = at(id);
  if (now < one.seen + limits::kCommandSeenStep) return false;
  one.seen = now;
  put(std::move(one));
  return true;
}

bool Memory::make_room(Seconds now) {
  if (by_age_.size() < limits::kRememberedCommands) return true;
  const auto oldest = by_age_.begin();
  if (now < oldest->second.seen + reach_) return false;
  forget(oldest);
  return true;
}

void Memory::begin(const CommandId& id, std::uint64_t request, Seconds now) {
  put({.id = id, .request = request, .seen = now});
}

void Memory::undo(const CommandId& id) {
  forget(by_age_.find(ages_.at(id)));
}

void Memory::answer(const CommandId& id, std::vector<std::byte> reply, Seconds now) {
  Remembered one = at(id);
  one.seen = std::max(one.seen, now);
  one.state = reply.size() > limits::kMaxKeptReplyBytes ? Remembered::State::answered_at_length
                                                        : Remembered::State::answered;
  if (one.state == Remembered::State::answered) one.reply = std::move(reply);
  put(std::move(one));
}

std::vector<Remembered> Memory::all() const {
  std::vector<Remembered> all;
  all.reserve(by_age_.size());
  for (const auto& [age, one] : by_age_) all.push_back(one);
  return all;
}

}  // namespace holdfast::commands
