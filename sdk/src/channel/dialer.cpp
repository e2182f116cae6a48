#include "channel/dialer.hpp"

#include <exception>
#include <string>
#include <utility>

#include <asio/post.hpp>

namespace holdfast::channel {
namespace {

// Of several addresses that failed, the app is told of the failure that says most: a wrong key
// before a broken handshake before an address that does not answer.
int weight(const Failure& failure) {
  if (failure.error == Errc::identity_refused) return 3;
  if (failure.error == Errc::tls_failed || failure.error == Errc::not_tls) return 2;
  return failure ? 1 : 0;
}

}  // namespace

Dialer::Dialer(const asio::any_io_executor& executor, BrokerUrl broker, const Timeouts& timeouts,
               TlsPolicy policy, Events events, Lookup lookup)
    : executor_(executor),
      broker_(std::move(broker)),
      timeouts_(timeouts),
      events_(std::move(events)),
      policy_(std::move(policy)),
      resolver_(executor, std::move(lookup)),
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
  next_ = 0;
  worst_ = Failure();

  const std::weak_ptr<bool> attempt = attempt_;
  if (broker_.is_ip_literal) {
    asio::post(executor_, [this, attempt] {
      if (attempt.expired()) return;
      resolved({{asio::ip::make_address(broker_.host), broker_.port}}, {});
    });
    return;
  }
  timer_.expires_after(timeouts_.resolve);
  timer_.async_wait([this, attempt](const std::error_code& error) {
    if (error || attempt.expired()) return;
    resolver_.cancel();
    resolved({}, Failure(Errc::name_not_resolved,
                         "no name server has answered for " + broker_.host + " within " +
                             std::to_string(timeouts_.resolve.count()) + " ms"));
  });
  resolver_.resolve(broker_.host, broker_.port,
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
  if (!failure && endpoints.empty()) {
    failure = Failure(Errc::name_not_resolved, "the name " + broker_.host + " has no address");
  }
  if (failure) {
    answer(std::move(failure));
    return;
  }
  endpoints_ = std::move(endpoints);
  if (endpoints_.size() > kMaxAddresses) endpoints_.resize(kMaxAddresses);
  try_next();
}

void Dialer::try_next() {
  if (next_ == endpoints_.size()) {
    if (endpoints_.size() > 1) {
      worst_.detail += " (" + std::to_string(endpoints_.size()) + " addresses were tried)";
    }
    answer(std::move(worst_));
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

void Dialer::open_channel() {
  const std::weak_ptr<bool> attempt = attempt_;
  channel_ = std::make_shared<Channel>(executor_, *tls_, broker_.host, keys_, timeouts_);
  channel_->open(endpoints_[next_++], {.opened =
                                           [this, attempt] {
                                             if (attempt.expired()) return;
                                             // First, for it can throw: then `closed` tells.
                                             answer({});
                                             channel_->pause_reading(true);
                                             channel_->set_events({});
                                           },
                                       .data = nullptr,
                                       .writable = nullptr,
                                       .closed =
                                           [this, attempt](Failure failure) {
                                             if (!attempt.expired())
                                               attempt_failed(std::move(failure));
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
