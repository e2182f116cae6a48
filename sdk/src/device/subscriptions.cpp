#include "device/subscriptions.hpp"

#include <algorithm>
#include <utility>

#include <holdfast/error.hpp>
#include <holdfast/limits.hpp>

#include "mqtt/topic.hpp"

namespace holdfast::device {

void Subscriptions::set(std::string_view filter, Handler handler, const SubscribeOptions& options,
                        Fetch fetch) {
  if (const auto why = mqtt_engine::why_not_filter(filter); !why.empty()) {
    throw ConfigError("filter", filter, why);
  }
  if (options.qos == Qos::exactly_once) {
    throw ConfigError(
        "qos", "exactly_once",
        "subscribe with at_least_once at most: QoS 2 loses messages when a 3.1.1 session "
        "goes on over a new connection");
  }
  if (!handler) throw ConfigError("handler", "", "an empty function cannot handle messages");

  auto shared = std::make_shared<const Handler>(std::move(handler));
  const std::lock_guard lock(mutex_);
  const auto known = std::find_if(entries_.begin(), entries_.end(),
                                  [filter](const Entry& entry) { return entry.filter == filter; });
  if (known != entries_.end()) {
    known->handler = std::move(shared);
    if (known->qos != options.qos) known->ask = Entry::Ask::due;
    known->qos = options.qos;
    return;
  }
  if (entries_.size() >= limits::kMaxSubscriptions) {
    throw ConfigError(
        "filter", filter,
        "a device takes " + std::to_string(limits::kMaxSubscriptions) + " filters; use a wildcard");
  }
  entries_.push_back({++last_id_, std::string(filter), options.qos, std::move(shared), fetch});
}

std::vector<Subscriptions::SharedHandler> Subscriptions::match(std::string_view topic) const {
  const std::lock_guard lock(mutex_);
  std::vector<SharedHandler> handlers;
  for (const Entry& entry : entries_) {
    if (mqtt_engine::matches(entry.filter, topic)) handlers.push_back(entry.handler);
  }
  return handlers;
}

std::vector<Subscriptions::Wanted> Subscriptions::wanted(bool all) {
  const std::lock_guard lock(mutex_);
  std::vector<Wanted> wanted;
  for (Entry& entry : entries_) {
    if (entry.ask != Entry::Ask::due && !all) continue;
    entry.ask = Entry::Ask::asked;
    wanted.push_back({entry.id, entry.filter, entry.qos, entry.fetch});
  }
  return wanted;
}

void Subscriptions::answered(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  for (Entry& entry : entries_) {
    // Not where it has become due again meanwhile: then this answers the question before.
    if (entry.id != id || entry.ask != Entry::Ask::asked) continue;
    entry.ask = Entry::Ask::answered;
    entry.fetch = Fetch::if_new;
  }
}

void Subscriptions::forget_unanswered() {
  const std::lock_guard lock(mutex_);
  for (Entry& entry : entries_) {
    if (entry.ask == Entry::Ask::asked) entry.ask = Entry::Ask::due;
  }
}

std::string Subscriptions::filter_of(std::uint64_t id) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [id](const Entry& entry) { return entry.id == id; });
  return found == entries_.end() ? std::string() : found->filter;
}

bool Subscriptions::empty() const {
  const std::lock_guard lock(mutex_);
  return entries_.empty();
}

}  // namespace holdfast::device
