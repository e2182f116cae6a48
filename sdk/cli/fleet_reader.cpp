#include "fleet_reader.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>
#include <utility>

#include <CLI/CLI.hpp>

#include <holdfast/device.hpp>

#include "command.hpp"
#include "printable.hpp"
#include "text.hpp"
#include "wake.hpp"

namespace holdfast::cli {
namespace {

using Clock = std::chrono::steady_clock;

// Smaller fleets fit into any queue.
constexpr std::size_t kLargeFleet = 100;
// Readings in which messages came faster than they were taken.
constexpr int kTries = 3;

// One reading.
class Reader {
 public:
  Reader(const FleetSource& source, Options options, Qos qos,
         std::optional<Clock::time_point> deadline)
      : source_(source),
        quiet_(parse_duration("--quiet", source.quiet)),
        deadline_(deadline),
        device_(std::move(options)) {
    device_.on_event([this](const Event& event) { note_event(event); });
    device_.subscribe(source.filter, [this](const Message& message) { take(message); },
                      {.qos = qos});
  }

  /// Some were dropped on our side.
  bool has_overflown() const { return overflown_; }

  FleetView run() {
    device_.start();
    Wake::Reasons woken;
    while (!over() && !woken.interrupted && !is_late()) woken = wake_.wait(sooner(deadline_));
    device_.stop();
    const std::lock_guard lock(mutex_);
    if (trouble_) throw *trouble_;
    if (woken.interrupted) throw CommandError(kNotReachable, "interrupted", progress(), "");
    if (!is_quiet()) {
      if (!listening_since_ && last_failure_) {
        throw CommandError(exit_code(last_failure_->error), last_failure_->detail, "", "");
      }
      throw CommandError(kNotReachable, "not done within " + source_.connection.timeout, progress(),
                         "raise --timeout, or narrow --filter");
    }
    return std::move(view_);
  }

 private:
  void take(const Message& message) {
    const std::lock_guard lock(mutex_);
    // What is published just now is news, and says nothing about what is still to come.
    if (message.retain == Retain::yes) last_retained_ = Clock::now();
    if (view_.take(message.topic, message.payload)) return;
    end_with(kUsage, "more than " + counted(kMostDevices, "device") + " match " +
                         printable(source_.filter) + "; look at the fleet in parts");
  }

  void note_event(const Event& event) {
    const std::lock_guard lock(mutex_);
    switch (event.kind) {
      case EventKind::subscribed:
        listening_since_ = Clock::now();
        wake_.notify();
        return;
      case EventKind::subscription_refused:
        end_with(kRefused, event.detail);
        return;
      case EventKind::inbound_overflow:
        overflown_ = true;
        return;
      case EventKind::connect_failed:
      case EventKind::disconnected:
        if (!event.error || event.error == Condition::closed) return;  // our own stop
        listening_since_.reset();  // it begins again with the next connection
        if (is_final(event.error)) {
          end_with(exit_code(event.error), event.detail);
          return;
        }
        if (!last_failure_ || last_failure_->detail != event.detail) {
          note(source_.connection.command, event.detail);
        }
        last_failure_ = event;
        return;
      default:
        return;
    }
  }

  void end_with(ExitCode code, const std::string& detail) {
    if (!trouble_) trouble_ = CommandError(code, detail, "", "");
    wake_.notify();
  }

  // Under the lock.
  std::optional<Clock::time_point> quiet_at() const {
    if (!listening_since_) return std::nullopt;
    return std::max(*listening_since_, last_retained_.value_or(*listening_since_)) + quiet_;
  }
  bool is_quiet() const {
    const auto at = quiet_at();
    return at && Clock::now() >= *at;
  }
  std::string progress() const { return counted(view_.size(), "status message") + " came"; }

  std::optional<Clock::time_point> sooner(std::optional<Clock::time_point> deadline) const {
    const std::lock_guard lock(mutex_);
    const auto at = quiet_at();
    if (!at || !deadline) return at ? at : deadline;
    return std::min(*at, *deadline);
  }
  bool over() const {
    const std::lock_guard lock(mutex_);
    return trouble_ || is_quiet();
  }
  bool is_late() const { return deadline_ && Clock::now() >= *deadline_; }

  const FleetSource& source_;
  const std::chrono::milliseconds quiet_;
  const std::optional<Clock::time_point> deadline_;
  mutable std::mutex mutex_;
  FleetView view_;
  std::optional<Clock::time_point> listening_since_;
  std::optional<Clock::time_point> last_retained_;
  bool overflown_ = false;
  std::optional<CommandError> trouble_;
  std::optional<Event> last_failure_;
  Wake wake_;      // before the device, whose threads inherit the signals that it blocks
  Device device_;  // last: its handlers use the others
};

// @throws CommandError if the other reading has devices that the first one lacks
void check_by_other_qos(const FleetSource& source, const Options& options,
                        std::optional<Clock::time_point> deadline, const FleetView& view) {
  if (view.size() < kLargeFleet) return;
  const Qos other = source.connection.qos == 0 ? Qos::at_least_once : Qos::at_most_once;
  const FleetView second = Reader(source, options, other, deadline).run();
  std::size_t missed = 0;
  for (const auto& [topic, status] : second.devices()) {
    if (!view.devices().contains(topic) && !view.unreadable().contains(topic)) ++missed;
  }
  if (missed == 0) return;
  throw CommandError(
      kNotReachable, "the broker has kept statuses from us",
      counted(view.size(), "status message") + " came, and " + std::to_string(missed) +
          " more when it was asked again",
      "let its queue for one client hold the fleet (mosquitto: max_queued_messages), "
      "or look at the fleet in parts");
}

}  // namespace

void add_fleet_options(CLI::App& app, FleetSource& source) {
  app.add_option("--quiet", source.quiet,
                 "all has come when no status has come for so long; more for a slow line")
      ->type_name("DURATION")
      ->capture_default_str();
  app.add_option("--expect", source.expect, "fail with fewer devices than these")
      ->check(why_negative)
      ->type_name("N");
}

FleetView read_fleet(const FleetSource& source) {
  const Options options = to_options(source.connection);
  const auto deadline = deadline_of(source.connection);
  const Qos qos = source.connection.qos == 0 ? Qos::at_most_once : Qos::at_least_once;
  FleetView view;
  bool is_whole = false;
  for (int n = 0; n < kTries && !is_whole; ++n) {
    Reader reader(source, options, qos, deadline);
    view = reader.run();
    is_whole = !reader.has_overflown();
  }
  if (!is_whole) {
    throw CommandError(kNotReachable, "statuses came faster than they could be read", "",
                       "use --qos 1, or narrow the filter");
  }
  check_by_other_qos(source, options, deadline, view);
  if (view.size() < source.expect) {
    throw CommandError(kNotReachable,
                       "fewer than the " + counted(source.expect, "device") + " of --expect",
                       counted(view.size(), "status message") + " came", "raise --quiet");
  }
  return view;
}

}  // namespace holdfast::cli
