#include "commands_app.hpp"

#include <cstdio>
#include <utility>
#include <variant>

namespace commands {
namespace {

using namespace std::chrono_literals;
using sample::Level;

// Answers that are not out yet when it is told to end.
constexpr auto kDrain = 5s;
// The answer to a pulse that was cut short is written down and then sent, by the handler thread,
// which tells nobody. How often to look, and how long: an SD card may take a second.
constexpr auto kLook = 10ms;
constexpr auto kAnswerBound = 2s;

}  // namespace

CommandsApp::CommandsApp(holdfast::Options options, const Settings& settings)
    : settings_(settings),
      log_(stderr),
      line_(open_line(settings.line)),
      switch_(settings.line, *line_, settings.max_pulse,
              {.wait = [this](std::chrono::milliseconds time) { return wait(time); }}),
      device_(std::move(options)) {
  device_.on_event([this](const holdfast::Event& event) {
    log_.write(event);
    service_.note(event);
  });
  device_.on_command<Command, LineState>(
      settings_.topic,
      [this](const Command& command, const holdfast::CommandInfo& info) {
        return obey(command, info);
      },
      // A line that is switched an hour after somebody asked for it is worse than one that is not.
      {.deadline = holdfast::CommandDeadline::required});
}

sample::ExitCode CommandsApp::run(sample::EndSignals& signals) {
  log_.write(Level::info,
             "line " + settings_.line + " is off; commands come on " + settings_.topic);
  device_.start();
  wait_for_signal(signals);
  log_.write(Level::notice, "told to end");
  service_.stopping("told to end");
  return finish();
}

// The handler thread does the work. It hangs when the kernel hangs, and then only a restart helps.
void CommandsApp::wait_for_signal(sample::EndSignals& signals) {
  while (signals.take() == 0) {
    sample::wait_readable({signals.get(), service_.patience(), service_.watchdog()});
    service_.tend(!switch_.hangs());
  }
}

Outcome CommandsApp::obey(const Command& command, const holdfast::CommandInfo& info) {
  const std::string verb(command.verb()->string_view());
  log_.write(Level::info, "command " + verb);
  Outcome outcome = switch_.obey(command, info.deadline);
  if (const auto* refused = std::get_if<holdfast::CommandError>(&outcome)) {
    log_.write(Level::warning, "command " + verb + " refused: " + refused->text);
  } else {
    const bool is_on = std::get<LineStateT>(outcome).is_on;
    log_.write(Level::info, "line " + settings_.line + " is " + (is_on ? "on" : "off"));
  }
  return outcome;
}

// A pulse ends early when the program does: the line must not stay on.
bool CommandsApp::wait(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !ends_.wait_for(lock, time, [this] { return ending_; });
}

void CommandsApp::end_pulse() {
  const bool was_busy = switch_.is_busy();
  const std::uint64_t answers = device_.status().counters.accepted;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  ends_.notify_all();
  sample::Timer look;
  sample::Timer give_up;
  look.every(kLook);
  give_up.after(kAnswerBound);
  while (was_busy && device_.status().counters.accepted == answers && !give_up.fired()) {
    sample::wait_readable({look.get(), give_up.get()});
    look.fired();
  }
}

sample::ExitCode CommandsApp::finish() {
  end_pulse();
  device_.drain(kDrain);
  const holdfast::StopResult stopped = device_.stop();
  const holdfast::Counters counters = device_.status().counters;
  std::printf("%llu commands run, %llu answered again, %llu refused\n",
              static_cast<unsigned long long>(counters.commands_run),
              static_cast<unsigned long long>(counters.commands_repeated),
              static_cast<unsigned long long>(counters.commands_refused));
  const std::error_code last_error = log_.last_error();
  if (!log_.was_connected() && last_error) return sample::exit_code(last_error);
  return stopped.undelivered == 0 ? sample::kDone : sample::kIncomplete;
}

}  // namespace commands
