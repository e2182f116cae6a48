#include "device/shared.hpp"

#include <holdfast/message.hpp>

namespace holdfast::device {

void Shared::set_event_handler(EventHandler handler) {
  auto shared = handler ? std::make_shared<const EventHandler>(std::move(handler)) : nullptr;
  const std::lock_guard lock(mutex_);
  event_handler_ = std::move(shared);
}

std::shared_ptr<const Shared::EventHandler> Shared::event_handler() {
  const std::lock_guard lock(mutex_);
  return event_handler_;
}

void Shared::emit(EventKind kind, std::error_code error, std::string detail) {
  emit({kind, error, std::move(detail)});
}

void Shared::emit(Event event) {
  events.add(event);
  if (!event_handler()) return;
  const auto post = [this](Event told) {
    // Who takes it is looked up last: an app that has taken its handler away has perhaps destroyed
    // what it used.
    return dispatcher.post_event([this, event = std::move(told)] {
      if (const auto handler = event_handler()) (*handler)(event);
    });
  };
  if (const auto missing = events_missing_.exchange(0); missing > 0) {
    if (!post({EventKind::events_dropped,
               {},
               std::to_string(missing) + " events were dropped because "
                                         "the event handler is slow"})) {
      events_missing_ += missing;
    }
  }
  if (!post(std::move(event))) {
    ++events_missing_;
    ++counters.events_dropped;
  }
}

void Shared::complain(const std::string& what) {
  emit(EventKind::handler_failed, Errc::handler_failed, "a handler of the app threw: " + what);
}

void Shared::reject_payload(std::string_view topic, std::error_code error,
                            std::string_view schema) {
  ++counters.rejected_payloads;
  emit(EventKind::payload_rejected, error,
       "a payload on \"" + std::string(topic) + "\" is not a valid " + std::string(schema) + ": " +
           error.message());
}

Failure Shared::put(outbox::Entry entry) {
  Failure refused;
  std::vector<outbox::Casualty> gone;
  const bool taken = outbox.put(std::move(entry), gone, refused) != 0;
  conclude(std::move(gone));
  if (taken) ++counters.accepted;
  return refused;
}

void Shared::conclude(std::vector<outbox::Casualty> gone) {
  for (outbox::Casualty& lost : gone) conclude(std::move(lost.entry), lost.reason);
}

void Shared::stored(std::vector<outbox::Written> written) {
  counters.stored += written.size();
  for (outbox::Written& one : written) {
    if (!one.on_stored) continue;
    dispatcher.post_notice([on_stored = std::move(one.on_stored), id = one.id] {
      on_stored({id, {}, {}});
    });
  }
}

void Shared::conclude(outbox::Entry entry, const Failure& failure) {
  const std::size_t count = entry.readings;
  const auto tell = [&](EventKind kind) {
    std::string what = "message " + std::to_string(entry.id) + " on \"" + entry.topic + "\"";
    if (count > 1) what += ", shared by " + std::to_string(count) + " readings";
    emit(kind, failure.error, what + ": " + failure.detail);
  };
  if (!failure) {
    counters.delivered += count;
  } else if (failure.error == Errc::set_aside) {
    counters.refused += count;
    tell(EventKind::message_set_aside);
  } else if (failure.error == Condition::refused || failure.error == Errc::payload_too_large) {
    counters.refused += count;
    tell(EventKind::message_refused);
  } else if (failure.error == Errc::replaced) {
    counters.replaced += count;  // as it was asked for: no event
  } else if (failure.error != Errc::kept) {
    counters.dropped += count;
    tell(EventKind::message_dropped);
  }
  conclude({entry.id, std::move(entry.on_stored), std::move(entry.on_done)}, failure);
  for (outbox::Waiter& other : entry.merged) conclude(std::move(other), failure);
}

void Shared::conclude(outbox::Waiter waiter, const Failure& failure) {
  if (waiter.on_stored) {  // it has left before it was written
    dispatcher.post_notice(
        [on_stored = std::move(waiter.on_stored),
         stored = Stored{waiter.id, failure.error, failure.detail}] { on_stored(stored); });
  }
  if (!waiter.on_done) return;
  dispatcher.post_notice(
      [done = std::move(waiter.on_done),
       delivery = Delivery{waiter.id, failure.error, failure.detail}] { done(delivery); });
}

}  // namespace holdfast::device
