// holdfast status: how the device on this host is, asked of the process that runs, or of the files
// that it has left.

#include <unistd.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include <holdfast/limits.hpp>

#include "command.hpp"
#include "files.hpp"
#include "json_output.hpp"
#include "printable.hpp"
#include "running_device.hpp"
#include "status_view.hpp"
#include "text.hpp"
#include "wake.hpp"

namespace holdfast::cli {
namespace {

using std::chrono::steady_clock;

constexpr std::string_view kClearScreen = "\x1b[H\x1b[2J";

struct StatusOptions {
  std::string state_dir;
  std::uint64_t events = 10;
  std::string interval = "2s";
  bool json = false;
  bool metrics = false;
  bool watch = false;
};

/// One look: what was found, and how the command ends if it was the last.
struct Look {
  std::string text;
  ExitCode code = kDone;
};

std::string who_uses(const std::string& state_dir) {
  const auto pid = process_using(state_dir);
  if (!pid) return "";
  return (*pid > 0 ? "process " + std::to_string(*pid) : std::string("a process")) +
         " uses the directory all the same: it was made with status_socket off, or is not started";
}

// --- Nobody answers ------------------------------------------------------------------------------

Json account_as_json(const Account& account) {
  Json by_cause = Json::object();
  for (std::size_t cause = 0; cause < kCauses; ++cause) {
    const ByteCount& bytes = account.by_cause[cause];
    by_cause[std::string(to_string(static_cast<Cause>(cause)))] = {{"up", bytes.up},
                                                                   {"down", bytes.down}};
  }
  const ByteCount sum = account.ip_bytes();
  return {{"connections", account.connections},
          {"segments_up", account.segments_up},
          {"segments_down", account.segments_down},
          {"ip_bytes", {{"up", sum.up}, {"down", sum.down}}},
          {"by_cause", by_cause}};
}

Look look_at_files(const StatusOptions& options, const std::string& why) {
  const KeptByDevice kept = read_kept(options.state_dir, options.events);
  const std::string user = who_uses(options.state_dir);
  if (options.json) {
    Json json{{"running", false}, {"why", why}, {"in_use", !user.empty()}, {"status", nullptr}};
    json["events"] = kept.events;
    json["installation"] = kept.ledger ? account_as_json(kept.ledger->installation) : Json();
    json["remarks"] = kept.remarks;
    return {json.dump(-1, ' ', true) + "\n", kNotReachable};
  }
  std::string text = "nobody answers on " + printable(options.state_dir) + ": " + why + "\n";
  if (!user.empty()) text += user + "\n";
  text += "what its files tell:\n\n";
  for (const std::string& remark : kept.remarks) text += printable(remark) + "\n";
  text += kept.ledger ? ledger_in_words(*kept.ledger)
                      : "no ledger: no device was stopped in order here, nor ran for an hour\n";
  text += events_in_words(kept.events, terminal_width());
  return {text, kNotReachable};
}

// --- Somebody does -------------------------------------------------------------------------------

Json ask_for_events(const StatusOptions& options) {
  if (options.events == 0) return Json::array();
  const Reply reply = ask_device(options.state_dir, "events " + std::to_string(options.events));
  if (!reply.text) return Json::array();  // it has been stopped since it answered the first
  const Json answer = parse_answer(*reply.text);
  const auto events = answer.find("events");
  return events != answer.end() && events->is_array() ? *events : Json::array();
}

Look look_at_metrics(const StatusOptions& options) {
  const Reply reply = ask_device(options.state_dir, "metrics");
  const std::string up =
      "# HELP holdfast_up 1 if the device's process answered.\n"
      "# TYPE holdfast_up gauge\n"
      "holdfast_up ";
  if (!reply.text) return {up + "0\n", kNotReachable};
  if (!reply.text->starts_with('#')) parse_answer(*reply.text);  // it says what was wrong
  return {up + "1\n" + *reply.text, kDone};
}

Look look(const StatusOptions& options) {
  if (options.metrics) return look_at_metrics(options);
  const Reply reply = ask_device(options.state_dir, "status");
  if (!reply.text) return look_at_files(options, reply.why);
  const Json status = parse_answer(*reply.text);
  const Json events = ask_for_events(options);
  if (options.json) {
    const Json json{{"running", true}, {"status", status}, {"events", events}};
    return {json.dump(-1, ' ', true) + "\n", kDone};
  }
  return {status_in_words(status) + events_in_words(events, terminal_width()), kDone};
}

int watch(const StatusOptions& options) {
  const auto interval = parse_duration("--interval", options.interval);
  if (interval < std::chrono::milliseconds(100)) {
    refuse("--interval cannot work", options.interval, "write 100ms or more");
  }
  const bool clear = ::isatty(STDOUT_FILENO) == 1 && !options.json && !options.metrics;
  Wake wake;
  while (true) {
    const Look now = look(options);
    const std::string text =
        (clear ? std::string(kClearScreen) : "") + now.text + (options.json || clear ? "" : "\n");
    if (!print(text)) return kDone;
    const auto next = steady_clock::now() + interval;
    const Wake::Reasons reasons = wake.wait(next, -1, STDOUT_FILENO);
    if (reasons.interrupted || reasons.reader_gone) return kDone;
  }
}

int run(const StatusOptions& options) {
  if (options.watch) return watch(options);
  const Look now = look(options);
  print(now.text);
  if (options.metrics && now.code != kDone) note("status", "no process answers in this directory");
  return now.code;
}

}  // namespace

void add_status(CLI::App& app, Action& action) {
  auto* command =
      app.add_subcommand("status", "tell how the device on this host is, running or not");
  const auto options = std::make_shared<StatusOptions>();
  command
      ->add_option("--state-dir", options->state_dir,
                   "the directory in which the device keeps what outlives the process")
      ->required()
      ->type_name("DIR");
  command->add_option("--events", options->events, "newest events that are printed")
      ->check(why_negative)
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{limits::kKeptEvents}))
      ->type_name("N")
      ->capture_default_str();
  command->add_flag("--json", options->json, "print one JSON object");
  command->add_flag("--metrics", options->metrics, "print the figures in Prometheus' text format")
      ->excludes("--json");
  command->add_flag("--watch", options->watch, "look again and again, until Ctrl-C");
  command->add_option("--interval", options->interval, "how often, with --watch")
      ->type_name("DURATION")
      ->capture_default_str();
  command->footer("Exit codes: 0 the process answered, 4 nobody did, and the files were read.");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace holdfast::cli
