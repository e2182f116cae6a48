#include "doctor_device.hpp"

#include <chrono>
#include <string>
#include <utility>

#include "printable.hpp"
#include "running_device.hpp"
#include "status_view.hpp"

namespace holdfast::cli {
namespace {

// The events that a person looks for when a device is not connected.
constexpr std::size_t kEventsLookedAt = 50;

// The newest event that says why there is no connection; null: none does.
Json newest_failure(const Json& events) {
  Json found;
  for (const Json& event : events) {
    const std::string kind = text_in(event, "kind");
    if (kind == "connect_failed" || kind == "disconnected" || kind == "key_refused") found = event;
  }
  return found;
}

std::string for_what(const Json& status) {
  const std::uint64_t waiting = number_in(status, "waiting");
  return waiting == 0 ? "" : ", with " + counted(waiting, "message") + " in its outbox";
}

Step describe(const Json& status, const Json& events) {
  const std::string state = text_in(status, "state");
  Step step{.name = "device", .facts = {{"running", true}, {"state", state}}};
  step.facts["pid"] = number_in(status, "pid");
  step.facts["state_ms"] = number_in(status, "state_ms");
  step.facts["vouching_pin"] = text_in(status, "vouching_pin");
  step.what = "process " + std::to_string(number_in(status, "pid")) + ", " +
              printable(text_in(status, "client_id")) + ": " + state_in_words(status) +
              for_what(status);
  if (const auto pin = text_in(status, "vouching_pin"); !pin.empty()) {
    step.what += ", vouched for by " + printable(pin);
  }
  if (state == "connected" || state == "resting") return step;
  step.finding = Finding::failed;
  const Json failure = newest_failure(events);
  if (!failure.is_null()) {
    step.what += ". It says: " + event_in_words(failure);
    step.facts["last_failure"] = failure;
  }
  step.mend = "what follows is the way that it goes; holdfast status tells more of its events";
  return step;
}

Step describe_absent(const std::string& state_dir, const std::string& why) {
  const KeptByDevice kept = read_kept(state_dir, kEventsLookedAt);
  const auto pid = process_using(state_dir);
  Step step{.name = "device", .facts = {{"running", pid.has_value()}}};
  step.what = pid ? "a process uses the directory, and answers nothing: " + why
                  : "no process runs on " + printable(state_dir) + ": " + why;
  if (!kept.events.empty()) step.what += ". Its last event: " + event_in_words(kept.events.back());
  return step;
}

}  // namespace

void ask_about_device(const std::string& state_dir, Report& report) {
  report.begin_device();
  const auto begin = std::chrono::steady_clock::now();
  const Reply reply = ask_device(state_dir, "status");
  Step step;
  if (reply.text) {
    const Reply events = ask_device(state_dir, "events " + std::to_string(kEventsLookedAt));
    Json list = Json::array();
    if (events.text) list = parse_answer(*events.text).value("events", Json::array());
    step = describe(parse_answer(*reply.text), list);
  } else {
    step = describe_absent(state_dir, reply.why);
  }
  step.time = std::chrono::steady_clock::now() - begin;
  report.add(std::move(step));
}

}  // namespace holdfast::cli
