// What the checks of economy share.

#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "check.hpp"
#include "stage.hpp"

namespace holdfast::broker_test {

/// Logged in, and past everything that comes of its own accord: tickets.
std::unique_ptr<MqttPeer> logged_in_peer(Stage& stage, const std::string& name = "c");

/// The newest ticket of a connection that logs in and ends in order; empty where none came.
std::optional<Ticket> fresh_ticket(Stage& stage);

struct Resumed {
  bool resumed = false;
  std::optional<Ticket> next;  ///< that the broker gave with it
};

/// A connection with this ticket, logged in and ended in order.
Resumed try_ticket(Stage& stage, const Ticket& ticket);

/// All: pass; some or none: warning.
void judge_share(Finding& finding, unsigned good, unsigned all, const std::string& what);

/// Messages that may be unacknowledged at a time, at most `most`.
unsigned receive_maximum_of(Stage& stage, unsigned most);

template <class Action>
Clock::duration time_of(Action action) {
  const auto began = Clock::now();
  action();
  return Clock::now() - began;
}

inline Clock::duration median(std::vector<Clock::duration> times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

inline Clock::duration smallest(const std::vector<Clock::duration>& times) {
  return *std::min_element(times.begin(), times.end());
}

std::vector<Check> economy_device_checks();

}  // namespace holdfast::broker_test
