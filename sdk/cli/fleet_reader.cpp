#include "fleet_reader.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>
#include <utility>

#include <holdfast/device.hpp>

#include "command.hpp"
#include "printable.hpp"
#include "text.hpp"
#include "wake.hpp"

namespace holdfast::cli {
namespace {

using Clock = std::chrono::steady_clock;

class Reader {
 public:
  explicit Reader(const FleetSource& source)
      : source_(source),
        quiet_(parse_duration("--quiet", source.quiet)),
        deadline_(deadline_of(source.connection)),
        device_(to_options(source.connection)) {
    device_.on_event([this](const Event& event) { note_event(event); });
    device_.subscribe(source.filter, [this](const Message& message) { take(message); },
                      {.qos = source.connection.qos == 0 ? Qos::at_most_once : Qos::at_least_once});
  }

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
    if (view_.size() < source_.expect) {
      throw CommandError(kNotReachable,
                         "fewer than the " + counted(source_.expect, "device") + " of --expect",
                         progress(),
                         "raise --quiet; a mosquitto needs a max_queued_messages that the fleet "
                         "fits into");
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
        end_with(kNotReachable, "statuses came faster than they could be read; narrow --filter");
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
  std::optional<CommandError> trouble_;
  std::optional<Event> last_failure_;
  Wake wake_;      // before the device, whose threads inherit the signals that it blocks
  Device device_;  // last: its handlers use the others
};

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
  return Reader(source).run();
}

}  // namespace holdfast::cli
