#include "channel/dialer.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <string>
#include <utility>

#include <asio/post.hpp>

namespace holdfast::channel {
namespace {

Instant now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

int weight(const Failure& failure) {
  if (failure.error == Errc::identity_refused) return 3;
  if (failure.error == Errc::tls_failed || failure.error == Errc::not_tls) return 2;
  return failure ? 1 : 0;
}

Dialer::Dialer(const asio::any_io_executor& executor, BrokerUrl broker, const Timeouts& timeouts,
               TlsPolicy policy, Events events, Lookup lookup, const Reach& reach)
    : executor_(executor),
      broker_(std::move(broker)),
      target_(reach.proxy ? reach.proxy->server : broker_),
      timeouts_(timeouts),
      events_(std::move(events)),
      policy_(std::move(policy)),
      route_(route_to(broker_, reach)),
      resolver_(executor, std::move(lookup)),
      memory_(reach.address_lifetime),
      timer_(executor) {
  if (policy_.identity) identity_files_.emplace(policy_.identity);
  tls_.emplace(policy_);
}

Dialer::~Dialer() {
  cancel();
}

void Dialer::cancel() {
  attempt_.reset();
  handler_ = nullptr;
  resolver_.cancel();
  timer_.cancel();
  if (channel_) {
    channel_->drop();
    events_.bill(channel_->bill());
    channel_.reset();
  }
}

void Dialer::dial(pinning::SharedKeys keys, Handler handler) {
  cancel();
  look_at_identity();
  keys_ = std::move(keys);
  handler_ = std::move(handler);
  attempt_ = std::make_shared<bool>(true);
  endpoints_.clear();
  tried_.clear();
  looked_up_ = false;
  lookup_failure_ = worst_ = Failure();

  recall_address();
  if (target_.is_ip_literal) {
    looked_up_ = true;
    try_first({asio::ip::make_address(target_.host), target_.port});
  } else if (memory_.is_fresh(now())) {
    try_first(*memory_.last());
  } else {
    look_up();
  }
}

void Dialer::recall_address() {
  if (addresses_ == nullptr || target_.is_ip_literal || std::exchange(recalled_, true)) return;
  if (const auto known = addresses_->recall(target_.host, target_.port)) {
    memory_.restore({known->address, target_.port}, known->age, now());
  }
}

void Dialer::note_address(const asio::ip::tcp::endpoint& endpoint) {
  if (target_.is_ip_literal) return;
  memory_.worked(endpoint);
  if (addresses_ == nullptr) return;
  addresses_->worked(target_.host, target_.port,
                     {.address = endpoint.address(), .age = memory_.age(now())});
}

// In a turn of its own: nobody is answered from within `dial`.
void Dialer::try_first(const asio::ip::tcp::endpoint& endpoint) {
  asio::post(executor_, [this, attempt = std::weak_ptr(attempt_), endpoint] {
    if (attempt.expired()) return;
    endpoints_ = {endpoint};
    try_next();
  });
}

void Dialer::look_up() {
  looked_up_ = true;
  const std::weak_ptr<bool> attempt = attempt_;
  asked_ = std::chrono::steady_clock::now();
  timer_.expires_after(timeouts_.resolve);
  timer_.async_wait([this, attempt](const std::error_code& error) {
    if (error || attempt.expired()) return;
    resolver_.cancel();
    resolved({}, Failure(Errc::name_not_resolved,
                         "no name server has answered for " + target_.host + " within " +
                             std::to_string(timeouts_.resolve.count()) + " ms"));
  });
  resolver_.resolve(target_.host, target_.port,
                    [this, attempt](Endpoints endpoints, Failure failure) {
                      if (attempt.expired()) return;
                      timer_.cancel();
                      resolved(std::move(endpoints), std::move(failure));
                    });
}

void Dialer::look_at_identity() {
  if (!identity_files_ || !identity_files_->refresh(events_.warning)) return;
  policy_.identity = identity_files_->current();
  tls_.emplace(policy_);  // connections that are open keep the old one (wolfSSL counts references)
}

void Dialer::resolved(Endpoints endpoints, Failure failure) {
  if (events_.looked_up) {
    events_.looked_up(
        cost_of_lookup(target_.host, endpoints, std::chrono::steady_clock::now() - asked_));
  }
  if (!failure && endpoints.empty()) {
    failure = Failure(Errc::name_not_resolved, "the name " + target_.host + " has no address");
  }
  if (failure) {
    // The name service is down, or lies; the broker may be where it was.
    lookup_failure_ = std::move(failure);
    if (memory_.last()) endpoints_ = {*memory_.last()};
  } else {
    endpoints_ = memory_.take_answer(std::move(endpoints), now());
  }
  std::erase_if(endpoints_, [this](const asio::ip::tcp::endpoint& endpoint) {
    return std::find(tried_.begin(), tried_.end(), endpoint) != tried_.end();
  });
  try_next();
}

void Dialer::try_next() {
  if (endpoints_.empty()) {
    if (looked_up_) {
      give_up();
    } else {
      look_up();
    }
    return;
  }
  try {
    open_channel();
  } catch (const std::exception& error) {
    // We are called by Asio: what leaves from here would end the process.
    if (const auto channel = std::exchange(channel_, nullptr)) channel->drop();
    answer({Errc::system_failure,
            std::string("no connection can be made: ") + error.what() + "; it is tried again"});
  }
}

void Dialer::give_up() {
  if (!worst_) {
    answer(std::move(lookup_failure_));
    return;
  }
  if (tried_.size() > 1) {
    worst_.detail += " (" + std::to_string(tried_.size()) + " addresses were tried)";
  }
  if (lookup_failure_) worst_.detail += "; besides, " + lookup_failure_.detail;
  answer(std::move(worst_));
}

void Dialer::open_channel() {
  const std::weak_ptr<bool> attempt = attempt_;
  channel_ = std::make_shared<Channel>(executor_, *tls_, broker_.host, keys_, timeouts_, route_);
  if (tickets_ != nullptr) {
    channel_->use_tickets(*tickets_, tls_->binding(broker_.host, broker_.port));
  }
  const asio::ip::tcp::endpoint endpoint = endpoints_.front();
  endpoints_.erase(endpoints_.begin());
  tried_.push_back(endpoint);
  channel_->open(endpoint, {.opened =
                                [this, attempt, endpoint] {
                                  if (attempt.expired()) return;
                                  // First, for they can throw: then `closed` tells.
                                  note_address(endpoint);
                                  answer({});
                                  channel_->pause_reading(true);
                                  channel_->set_events({});
                                },
                            .data = nullptr,
                            .writable = nullptr,
                            .closed =
                                [this, attempt](Failure failure) {
                                  if (!attempt.expired()) attempt_failed(std::move(failure));
                                }});
}

void Dialer::attempt_failed(Failure failure) {
  const auto channel = std::exchange(channel_, nullptr);
  events_.bill(channel->bill());
  if (const auto pin = channel->refused_pin(); pin && failure.error == Errc::identity_refused) {
    events_.refused_key(*pin);
  }
  if (weight(failure) >= weight(worst_)) worst_ = std::move(failure);
  try_next();
}

// In a turn of its own: the channel below us may still be inside its callback. Until then the
// attempt can be cancelled, and the channel is ours.
void Dialer::answer(Failure failure) {
  timer_.cancel();
  asio::post(executor_,
             [this, attempt = std::weak_ptr(attempt_), failure = std::move(failure)]() mutable {
               if (attempt.expired()) return;
               attempt_.reset();
               const auto handler = std::exchange(handler_, nullptr);
               handler(std::exchange(channel_, nullptr), std::move(failure));
             });
}

}  // namespace holdfast::channel
