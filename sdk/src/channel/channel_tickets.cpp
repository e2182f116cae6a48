// The channel's part in resumption: which ticket it offers, and what becomes of those that come.

#include <exception>
#include <utility>

#include "channel/channel.hpp"

namespace holdfast::channel {

void Channel::use_tickets(Tickets& tickets, resumption::Binding binding) {
  tickets_ = &tickets;
  binding_ = std::move(binding);
  binding_.pin_set_version = keys_->version();
}

void Channel::offer_ticket() {
  if (tickets_ == nullptr) return;
  offered_ = tickets_->offer(binding_, *keys_);
  offered_any_ = offered_ && tls_.offer(*offered_);
  if (!offered_any_) offered_.reset();
}

// A broker sends several, often one after the other: they are taken, written and counted together.
void Channel::await_tickets() {
  if (tickets_ == nullptr || !tls_.has_ticket() || awaiting_tickets_) return;
  awaiting_tickets_ = true;
  ticket_timer_.expires_after(kTicketWait);
  ticket_timer_.async_wait([weak = weak_from_this()](const std::error_code& error) {
    const auto self = weak.lock();
    if (error || !self || self->phase_ == Phase::closed) return;
    self->awaiting_tickets_ = false;
    self->guard([&] { self->keep_ticket(); });
  });
}

void Channel::keep_ticket() {
  auto ticket = tls_.take_ticket();
  if (!ticket) return;
  tell_cost();
  tickets_->received(binding_, std::move(*ticket));
}

void Channel::tell_cost() {
  if (tickets_ == nullptr || !bill_.handshaken || std::exchange(cost_told_, true)) return;
  const std::uint64_t bytes = bill_.handshake_bytes + tls_.ticket_bytes_down();
  using resumption::Way;
  const Way way = bill_.resumed ? Way::resumed : offered_any_ ? Way::refused : Way::full;
  tickets_->cost(binding_, way, static_cast<std::uint32_t>(bytes));
}

// Also from the destructor: what cannot be told is lost, and costs a full handshake.
void Channel::settle_tickets() noexcept {
  try {
    if (tickets_ != nullptr && offered_) tickets_->unanswered(binding_, std::move(*offered_));
    offered_.reset();
    if (tickets_ != nullptr) keep_ticket();
    tell_cost();
  } catch (const std::exception&) {
    offered_.reset();
  }
}

}  // namespace holdfast::channel
