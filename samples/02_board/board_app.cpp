#include "board_app.hpp"

#include <cstdio>
#include <utility>

#include "spdlog_sink.hpp"

namespace board {
namespace {

using namespace std::chrono_literals;

constexpr auto kStatusPeriod = 500ms;
// At the end: how often to look whether everything has arrived, and when to give up.
constexpr auto kDrainPeriod = 20ms;
constexpr auto kDrainBound = 5s;

}  // namespace

BoardApp::BoardApp(holdfast::Options options, const Settings& settings)
    : settings_(settings),
      log_(spdlog_sink(settings.output == Output::status_json ? stderr : stdout)),
      device_(std::move(options)),
      readings_(device_.stream<BoardReading>(settings.topic_prefix + "/r",
                                             {.max_delay = settings.max_delay})) {
  device_.on_event([this](const holdfast::Event& event) {
    log_.write(event);
    service_.note(event);
  });
}

sample::ExitCode BoardApp::run(sample::EndSignals& signals) {
  device_.start();
  const bool interrupted = send_readings(signals);
  service_.stopping("delivering what waits");
  drain();
  const holdfast::StopResult stopped = device_.stop();
  BoardStatus last = status();
  last.is_final = true;
  print(last);
  return verdict(stopped, interrupted);
}

bool BoardApp::send_readings(sample::EndSignals& signals) {
  sample::Timer reading_due;
  sample::Timer status_due;
  sample::Timer end;
  reading_due.every(settings_.every);
  if (settings_.output == Output::status_json) status_due.every(kStatusPeriod);
  if (settings_.length > 0s) end.after(settings_.length);

  // A stdout that fails is a reader that went away: nobody is left to run for.
  while (std::ferror(stdout) == 0) {
    sample::wait_readable({signals.get(), reading_due.get(), status_due.get(), end.get(),
                           service_.patience(), service_.watchdog()});
    if (signals.take() != 0) return true;
    if (end.fired()) return false;
    // What the outbox does not take comes back as a receipt with the reason, and as an event, which
    // is enough for a reading that the next one replaces.
    if (reading_due.fired() && readings_.push(sensors_.read())) ++pushed_;
    if (status_due.fired()) print(status());
    service_.tend();  // a sensor that hangs in the kernel keeps this from being said
  }
  return false;
}

// `stop` waits for what is under way; readings that still wait for company (max_delay) are given
// the time to leave as well. Without a connection there is nothing to wait for.
void BoardApp::drain() {
  sample::Timer look;
  sample::Timer give_up;
  look.every(kDrainPeriod);
  give_up.after(settings_.max_delay + kDrainBound);
  while (!give_up.fired()) {
    const holdfast::Status now = device_.status();
    if (now.waiting == 0 || now.state != holdfast::State::connected) return;
    sample::wait_readable({look.get(), give_up.get()});
    look.fired();
  }
}

BoardStatus BoardApp::status() const {
  const holdfast::Status now = device_.status();
  return {
      .state = std::string(holdfast::to_string(now.state)),
      .pushed = pushed_,
      .delivered = now.counters.delivered,
      .waiting = now.waiting,
      .ip_bytes = now.ledger.ip_bytes(),
      .handshakes = now.ledger.full_handshakes,
  };
}

void BoardApp::print(const BoardStatus& status) const {
  if (settings_.output == Output::status_json) {
    std::printf("%s\n", to_json(status).c_str());
  } else {
    std::printf("%llu readings, %llu delivered, %llu bytes on the wire\n",
                static_cast<unsigned long long>(status.pushed),
                static_cast<unsigned long long>(status.delivered),
                static_cast<unsigned long long>(status.ip_bytes));
  }
  std::fflush(stdout);
}

sample::ExitCode BoardApp::verdict(const holdfast::StopResult& stopped, bool interrupted) const {
  const std::error_code last_error = log_.last_error();
  const bool began = pushed_ > 0 || last_error;
  if (interrupted && !began) return sample::kDone;  // it was told to end before anything could fail
  if (!log_.was_connected()) return sample::exit_code(last_error);
  const holdfast::Counters counters = device_.status().counters;
  if (counters.refused > 0) return sample::kRefused;
  const bool all_arrived = stopped.undelivered == 0 && counters.delivered >= pushed_;
  return all_arrived ? sample::kDone : sample::exit_code(last_error);
}

}  // namespace board
