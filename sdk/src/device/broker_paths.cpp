#include "device/broker_paths.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::device {

BrokerPaths::BrokerPaths(Environment& environment, const asio::any_io_executor& executor,
                         const Settings& settings, const Events& events)
    : trying_(events.trying), order_(1 + settings.fallbacks.size()) {
  const auto add = [&](const channel::BrokerUrl& broker, const std::vector<pinning::Pin>& pins) {
    Dialler::Events of_path = events.dialler;
    if (!pins.empty()) of_path.refused_key = [](const pinning::Pin&) {};
    paths_.push_back({.broker = broker,
                      .pins = pins,
                      .dialler = environment.dialler(executor, settings, broker, settings.tls,
                                                     std::move(of_path))});
  };
  add(settings.broker, {});
  for (const FallbackSettings& fallback : settings.fallbacks) add(fallback.broker, fallback.pins);
}

void BrokerPaths::use_tickets(channel::Tickets& tickets) {
  for (const Path& path : paths_) path.dialler->use_tickets(tickets);
}

void BrokerPaths::use_addresses(channel::Addresses& addresses) {
  for (const Path& path : paths_) path.dialler->use_addresses(addresses);
}

void BrokerPaths::dial(const pinning::SharedKeys& trusted, Instant now, Handler handler) {
  cancel();
  trusted_ = trusted;
  handler_ = std::move(handler);
  left_ = order_.next(now);
  std::reverse(left_.begin(), left_.end());  // the next one is at the end
  try_next();
}

void BrokerPaths::cancel() {
  left_.clear();
  failures_.clear();
  handler_ = nullptr;
  for (const Path& path : paths_) path.dialler->cancel();
}

bool BrokerPaths::can_dial(const pinning::SharedKeys& trusted) {
  return std::any_of(paths_.begin(), paths_.end(),
                     [&](Path& path) { return !keys_of(path, trusted)->empty(); });
}

const pinning::SharedKeys& BrokerPaths::keys_of(Path& path, const pinning::SharedKeys& trusted) {
  if (path.pins.empty()) return trusted;
  if (path.made_of != trusted) {
    path.made_of = trusted;
    path.keys = std::make_shared<const pinning::TrustedKeys>(trusted->with_pins(path.pins));
  }
  return path.keys;
}

const pinning::SharedKeys& BrokerPaths::keys(const pinning::SharedKeys& trusted) {
  return keys_of(paths_[current_], trusted);
}

void BrokerPaths::try_next() {
  while (!left_.empty() && keys_of(paths_[left_.back()], trusted_)->empty()) left_.pop_back();
  if (left_.empty()) {
    std::exchange(handler_, nullptr)(nullptr, sum_up());
    return;
  }
  current_ = left_.back();
  left_.pop_back();
  Path& path = paths_[current_];
  trying_(path.broker);
  path.dialler->dial(keys_of(path, trusted_),
                     [this](std::shared_ptr<Connection> connection, Failure failure) {
                       answered(std::move(connection), std::move(failure));
                     });
}

void BrokerPaths::answered(std::shared_ptr<Connection> connection, Failure failure) {
  if (failure) {
    if (paths_.size() > 1) failure.detail.insert(0, paths_[current_].broker.text() + ": ");
    failures_.push_back(std::move(failure));
    try_next();
    return;
  }
  left_.clear();
  failures_.clear();
  std::exchange(handler_, nullptr)(std::move(connection), {});
}

// All of them in one sentence, under the error that says most.
Failure BrokerPaths::sum_up() {
  Failure sum;
  for (Failure& failure : failures_) {
    if (channel::weight(failure) > channel::weight(sum)) sum.error = failure.error;
    sum.detail += (sum.detail.empty() ? "" : "; ") + failure.detail;
  }
  failures_.clear();
  return sum;
}

}  // namespace holdfast::device
