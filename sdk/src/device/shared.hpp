// What the app's calls and the worker share: the outbox, the subscriptions, the handlers and the
// counters. Everything in it is safe to use from any thread.

#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <holdfast/event.hpp>
#include <holdfast/status.hpp>

#include "device/boot_time.hpp"
#include "device/calls.hpp"
#include "device/dispatcher.hpp"
#include "device/environment.hpp"
#include "device/event_keeper.hpp"
#include "device/subscriptions.hpp"
#include "device/system_environment.hpp"
#include "outbox/outbox.hpp"

namespace holdfast::device {

struct AtomicCounters {
  std::atomic<std::uint64_t> accepted{0}, delivered{0}, refused{0}, dropped{0}, replaced{0},
      stored{0}, received{0}, unhandled{0}, rejected_payloads{0}, inbound_dropped{0},
      events_dropped{0}, intruders{0}, pin_failures{0}, commands_run{0}, commands_repeated{0},
      commands_refused{0}, foreign_replies{0};

  Counters read() const {
    return {accepted,         delivered,      refused,      dropped,           replaced,
            stored,           received,       unhandled,    rejected_payloads, inbound_dropped,
            events_dropped,   intruders,      pin_failures, commands_run,      commands_repeated,
            commands_refused, foreign_replies};
  }
};

class Shared {
 public:
  using EventHandler = std::function<void(const Event&)>;

  /// @param state_dir where durable messages are kept; empty: nowhere
  Shared(const OutboxLimits& limits, const std::filesystem::path& state_dir,
         Environment& surroundings = system_environment())
      : environment(surroundings),
        outbox(limits, state_dir, {}, surroundings),
        boot_time(surroundings),
        events(state_dir, surroundings, boot_time,
               [this](const Failure& failure) { emit(EventKind::warning, failure); }),
        dispatcher([this](const std::string& what) { complain(what); }, surroundings) {}

  ~Shared() { events.close(); }  // its thread uses the rest
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  void set_event_handler(EventHandler handler);
  void emit(EventKind kind, std::error_code error, std::string detail);
  void emit(Event event);
  void emit(EventKind kind, const Failure& failure) { emit(kind, failure.error, failure.detail); }

  /// An accepted message has come to its end, good or bad.
  void conclude(outbox::Entry entry, const Failure& failure);
  void conclude(outbox::Waiter waiter, const Failure& failure);
  void conclude(std::vector<outbox::Casualty> gone);
  /// Takes a message of the SDK's own into the outbox. @return why there was no room
  Failure put(outbox::Entry entry);
  /// Durable messages are safe.
  void stored(std::vector<outbox::Written> written);

  /// A payload has failed its verification.
  void reject_payload(std::string_view topic, std::error_code error, std::string_view schema);

  Environment& environment;
  outbox::Outbox outbox;
  Subscriptions subscriptions;
  AtomicCounters counters;
  BootTime boot_time;
  EventKeeper events;
  /// By which the budget stretches the delay budgets of messages that come now.
  std::atomic<unsigned> batching_factor{1};
  std::atomic<bool> takes_commands{false};
  Calls calls{*this};

 private:
  void complain(const std::string& what);
  std::shared_ptr<const EventHandler> event_handler();

  std::mutex mutex_;
  std::shared_ptr<const EventHandler> event_handler_;
  std::atomic<std::uint64_t> events_missing_{0};

 public:
  Dispatcher dispatcher;  // last: its thread uses the rest
};

}  // namespace holdfast::device
