#include "device/calls.hpp"

#include <utility>

#include <holdfast/limits.hpp>

#include "commands/command_error.hpp"
#include "device/shared.hpp"

namespace holdfast::device {

Failure Calls::add(const std::string& id, Instant deadline, detail::CallHandler handler) {
  const std::lock_guard lock(mutex_);
  if (table_.knows(id)) return {Errc::invalid_options, "id: a call with this one waits already"};
  if (table_.is_full()) {
    return {Errc::too_many, std::to_string(table_.size()) +
                                " calls wait for their answers; call again when some have ended"};
  }
  table_.add(id, deadline, std::move(handler));
  return {};
}

void Calls::drop(const std::string& id) {
  const std::lock_guard lock(mutex_);
  table_.take(id);
}

void Calls::replied(const Message& message) {
  std::optional<detail::CallHandler> handler;
  {
    const std::lock_guard lock(mutex_);
    handler = table_.take(as_text(message.correlation_data));
  }
  if (!handler) {
    ++shared_.counters.foreign_replies;
    shared_.emit(EventKind::reply_unexpected, {},
                 "an answer of " + std::to_string(message.payload.size()) + " bytes on \"" +
                     message.topic + "\" belongs to no call that waits: it is late, or not ours");
    return;
  }
  detail::CallEnd end;
  if ((end.refusal = commands::decode_error(message.payload))) {
    end.error = commands::errc_of(end.refusal->reason);
    end.detail = end.refusal->text;
  } else {
    end.reply = message.payload;
  }
  (*handler)(end);
}

void Calls::failed(const std::string& id, const Delivery& delivery) {
  std::optional<detail::CallHandler> handler;
  {
    const std::lock_guard lock(mutex_);
    handler = table_.take(id);
  }
  if (!handler) return;
  // It may have been under way before its time was over.
  const std::error_code error = delivery.error == Errc::expired ? Errc::timed_out : delivery.error;
  post(std::move(*handler), error, "the command was not delivered: " + delivery.detail);
}

void Calls::expire(Instant now) {
  std::vector<detail::CallHandler> over;
  {
    const std::lock_guard lock(mutex_);
    over = table_.expire(now);
  }
  for (auto& handler : over) {
    post(std::move(handler), Errc::timed_out,
         "no answer came before the deadline; whether the command was run is not known");
  }
}

void Calls::close() {
  std::vector<detail::CallHandler> left;
  {
    const std::lock_guard lock(mutex_);
    left = table_.clear();
  }
  for (auto& handler : left) {
    post(std::move(handler), Errc::closed, "the device was stopped before an answer came");
  }
}

std::optional<Instant> Calls::next_deadline() const {
  const std::lock_guard lock(mutex_);
  return table_.next_deadline();
}

void Calls::post(detail::CallHandler handler, std::error_code error, std::string text) {
  shared_.dispatcher.post_notice([handler = std::move(handler), error, text = std::move(text)] {
    handler({.error = error, .detail = text, .refusal = std::nullopt, .reply = {}});
  });
}

}  // namespace holdfast::device
