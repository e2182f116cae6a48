#include "watcher.hpp"

#include <memory>
#include <utility>

namespace view {
namespace {

using holdfast::EventKind;
using namespace std::chrono_literals;

constexpr auto kSubscribeBound = 20s;

std::string describe(const holdfast::Event& event) {
  return event.detail.empty() ? event.error.message() : event.detail;
}

// Who presses the button twice will not change what these say.
bool is_hopeless(std::error_code error) {
  return error == holdfast::Condition::identity_refused ||
         error == holdfast::Condition::fix_configuration || error == holdfast::Condition::refused;
}

bool concerns_person(EventKind kind) {
  switch (kind) {
    case EventKind::connect_failed:
    case EventKind::disconnected:
    case EventKind::payload_rejected:
    case EventKind::inbound_overflow:
    case EventKind::events_dropped:
    case EventKind::intruder:
    case EventKind::warning:
      return true;
    default:
      return false;
  }
}

}  // namespace

Watcher::Watcher(holdfast::Options options, const std::string& topic)
    : device_(std::move(options)) {
  device_.on_event([this](const holdfast::Event& event) { inbox_.put(event); });
  device_.on<board::BoardReading>(topic, [this](const board::BoardReading& reading,
                                                const holdfast::Arrival& arrival) {
    Arrived arrived{.topic = std::string(arrival.topic), .origin = arrival.origin, .reading = {}};
    reading.UnPackTo(&arrived.reading);
    inbox_.put(std::move(arrived));
  });
}

Watcher::Outcome Watcher::subscribe(sample::EndSignals& signals) {
  sample::Timer give_up;
  give_up.after(kSubscribeBound);
  device_.start();
  for (;;) {
    sample::wait_readable({signals.get(), inbox_.get(), give_up.get()});
    if (const int signal_number = signals.take(); signal_number != 0) {
      return {128 + signal_number, "interrupted before the run began"};
    }
    for (const Item& item : inbox_.take()) {
      const auto* event = std::get_if<holdfast::Event>(&item);
      const auto outcome = event != nullptr ? judge(*event) : std::nullopt;
      if (outcome) return *outcome;
    }
    if (give_up.fired()) return {sample::exit_code(last_error_), last_cause_};
  }
}

std::optional<Watcher::Outcome> Watcher::judge(const holdfast::Event& event) {
  switch (event.kind) {
    case EventKind::subscribed:
      return Outcome{};
    case EventKind::subscription_refused:
      return Outcome{sample::kRefused, describe(event)};
    case EventKind::connect_failed:
    case EventKind::disconnected:
      last_error_ = event.error;
      last_cause_ = describe(event);
      if (!is_hopeless(event.error)) return std::nullopt;
      return Outcome{sample::exit_code(last_error_), last_cause_};
    default:
      return std::nullopt;
  }
}

std::vector<board::BoardReadingT> Watcher::take(std::vector<std::string>& notes) {
  std::vector<board::BoardReadingT> readings;
  for (Item& item : inbox_.take()) {
    if (const auto* event = std::get_if<holdfast::Event>(&item)) {
      if (!concerns_person(event->kind)) continue;
      notes.push_back("viewer: " + holdfast::to_line(*event));
      continue;
    }
    auto& arrived = std::get<Arrived>(item);
    const bool is_copy = arrived.origin && tracker_.see(arrived.topic, *arrived.origin) ==
                                               holdfast::SequenceTracker::Verdict::duplicate;
    if (is_copy) continue;
    ++delivered_;
    readings.push_back(std::move(arrived.reading));
  }
  return readings;
}

}  // namespace view
