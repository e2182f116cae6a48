// Runs a Session over virtual time and writes down what it asks for, and when.

#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "session/session.hpp"

namespace holdfast::session {

using namespace std::chrono_literals;

// Any instant but the clock's origin would do; the tests speak of the time since this one.
inline constexpr Instant kStart = Instant(1'000h);

struct Step {
  Duration at{};  // since kStart
  Action action;
};

class Harness {
 public:
  explicit Harness(
      Config config = {}, Random random = [] { return 0.5; })
      : session(config, std::move(random)) {}

  Session session;
  std::vector<Step> steps;
  // Told each action as it comes up, as the worker would carry it out.
  std::function<void(const Action&)> react;

  Instant now() const { return now_; }
  Duration elapsed() const { return now_ - kStart; }

  // Collects what has come up by now, and reacts to it.
  void collect() {
    while (true) {
      auto actions = session.take_actions();
      if (actions.empty()) return;
      for (Action& action : actions) {
        steps.push_back({elapsed(), action});
        if (react) react(action);
      }
    }
  }

  // Lets time pass, calling `tick` exactly when the session asks for it. @return how often it did.
  std::size_t run_until(Duration at) {
    std::size_t ticks = 0;
    const Instant end = kStart + at;
    while (true) {
      const auto next = session.tick(now_);
      ++ticks;
      collect();
      const auto after = session.tick(now_);
      collect();
      if (!after || *after > end) break;
      (void)next;
      now_ = std::max(now_, *after);
      if (ticks > 10'000'000) break;  // a session that asks for the same instant for ever
    }
    now_ = end;
    return ticks;
  }
  std::size_t run_for(Duration time) { return run_until(elapsed() + time); }

  void start() {
    session.start(now_);
    collect();
  }
  void dialled() {
    session.dialled(now_);
    collect();
  }
  void logged_in(const LoggedIn& info = {}) {
    session.logged_in(now_, info);
    collect();
  }
  void ended(Errc errc = Errc::connection_lost) {
    session.ended(now_, Failure(errc, "said the test"));
    collect();
  }
  void load(const Load& load) {
    session.load(now_, load);
    collect();
  }
  void received() { session.received(now_); }
  void sent() { session.sent(now_); }
  void stop(Duration within = 5s) {
    session.stop(now_, now_ + within);
    collect();
  }
  // From idle to up at once.
  void bring_up(const LoggedIn& info = {}) {
    start();
    dialled();
    logged_in(info);
  }

  template <class What>
  std::vector<Duration> times_of() const {
    std::vector<Duration> times;
    for (const Step& step : steps) {
      if (std::holds_alternative<What>(step.action)) times.push_back(step.at);
    }
    return times;
  }
  template <class What>
  std::size_t count() const {
    return times_of<What>().size();
  }
  // The last action of its kind; there must be one.
  template <class What>
  What last() const {
    std::optional<What> found;
    for (const Step& step : steps) {
      if (const auto* what = std::get_if<What>(&step.action)) found = *what;
    }
    return found.value();
  }

 private:
  Instant now_ = kStart;
};

}  // namespace holdfast::session
