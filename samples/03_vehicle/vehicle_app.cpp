#include "vehicle_app.hpp"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <system_error>
#include <utility>

namespace vehicle {
namespace {

using namespace std::chrono_literals;
using sample::Level;

// A month of positions is worth nothing to anybody who could not see them for a month.
constexpr auto kWorth = 24h * 7;
// The clock of a board drifts by seconds a day.
constexpr auto kTimeAgain = 1h;

// What waits and is not acknowledged soon is written: a tunnel costs the flash a few pages, and a
// good line nothing.
holdfast::StreamOptions position_options(const Settings& settings) {
  return {.max_delay = settings.max_delay,
          .ttl = kWorth,
          .durable = holdfast::Durable::within(settings.max_delay + 1min)};
}

holdfast::Options complete(holdfast::Options options) {
  // It subscribes to nothing, so there is nothing that the broker should keep for it.
  options.session_expiry = 0s;
  // Of a full outbox the oldest positions go, and never an alarm.
  options.outbox.when_full = holdfast::WhenFull::drop_lowest_priority;
  return options;
}

std::int32_t e7(double degrees) {
  return static_cast<std::int32_t>(std::lround(degrees * 1e7));
}

const char* name_of(Side side) {
  return side == Side::inside ? "inside" : "outside";
}

}  // namespace

VehicleApp::VehicleApp(holdfast::Options options, const Settings& settings)
    : settings_(settings),
      log_(stderr),
      sampler_(settings.every),
      memory_(settings.fence
                  ? std::optional(FenceMemory(options.state_dir / "fence", *settings.fence))
                  : std::nullopt),
      fence_(settings.fence ? std::optional(Geofence(*settings.fence, memory_->read()))
                            : std::nullopt),
      device_(complete(std::move(options))),
      positions_(device_.series(settings.topic, channels(), position_options(settings))),
      alarms_(device_.stream<FenceAlarm>(settings.topic + "/alarm",
                                         {.max_bytes = 0,
                                          .ttl = kWorth,
                                          .priority = holdfast::Priority::urgent,
                                          .durable = holdfast::Durable::at_push()})) {
  device_.on_event([this](const holdfast::Event& event) {
    log_.write(event);
    service_.note(event);
  });
}

sample::ExitCode VehicleApp::run(sample::EndSignals& signals) {
  device_.start();
  const std::string why = drive(signals);
  log_.write(Level::notice, why + ": delivering what waits, " +
                                std::to_string(settings_.drain / 1s) + " s at most");
  service_.stopping(why + ": delivering what waits");
  return finish();
}

std::string VehicleApp::drive(sample::EndSignals& signals) {
  GpsSource gps(settings_.gpsd_host, settings_.gpsd_port, log_);
  Ignition ignition(settings_.ignition_file);
  for (;;) {
    sample::wait_readable({signals.get(), gps.get(), gps.timer(), ignition.timer(),
                           service_.patience(), service_.watchdog()});
    const int signal = signals.take();
    if (signal == SIGUSR1 || ignition.is_off()) return "ignition off";
    if (signal != 0) return "told to end";
    gps.tend([this](const Fix& fix) { take(fix); });
    service_.tend();
  }
}

void VehicleApp::take(const Fix& fix) {
  note_fix(fix);
  tell_time(fix);
  if (const auto reading = sampler_.take(fix, std::chrono::steady_clock::now())) push(*reading);
  if (fix.place) look_at_fence(fix);
}

void VehicleApp::note_fix(const Fix& fix) {
  if (had_place_ == fix.place.has_value()) return;
  had_place_ = fix.place.has_value();
  log_.write(Level::info, fix.place ? "gps: a fix" : "gps: no fix; is the antenna under a roof?");
}

// The satellites' time is good, and a board without a battery has no other: with it the readings
// that were taken before get their date, and budgets and times to live begin to count.
void VehicleApp::tell_time(const Fix& fix) {
  const auto now = std::chrono::steady_clock::now();
  if (!fix.place || !fix.time || (time_told_ && now - *time_told_ < kTimeAgain)) return;
  device_.set_time(*fix.time);
  time_told_ = now;
}

void VehicleApp::push(const Reading& reading) {
  const holdfast::Receipt receipt = positions_.push(reading.position, {.time = reading.time});
  if (receipt) ++positions_taken_;
  if (!receipt) log_.write(Level::error, "a position is lost: " + receipt.detail);
}

void VehicleApp::look_at_fence(const Fix& fix) {
  if (!fence_) return;
  const bool was_known = fence_->side().has_value();
  const auto crossed = fence_->see(*fix.place, fix.error_m);
  if (crossed) return raise_alarm(fix, *crossed);
  if (was_known || !fence_->side()) return;
  log_.write(Level::info, std::string("fence: ") + name_of(*fence_->side()));
  remember(*fence_->side());
}

// The side is written down only when the alarm is safe. A loss of power between the two raises it
// once more, which is better than never.
void VehicleApp::raise_alarm(const Fix& fix, Side side) {
  FenceAlarmT alarm;
  if (fix.time) {
    alarm.time_ms = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(fix.time->time_since_epoch())
            .count());
  }
  alarm.side = side == Side::inside ? FenceSide::inside : FenceSide::outside;
  alarm.lat_e7 = e7(fix.place->lat);
  alarm.lon_e7 = e7(fix.place->lon);
  if (fix.speed) alarm.speed_cm_s = static_cast<std::uint16_t>(std::min(*fix.speed * 100, 65e3));
  log_.write(Level::notice, std::string("fence: crossed, now ") + name_of(side));
  const auto on_stored = [this, side](const holdfast::Stored& stored) {
    if (stored.error) return log_.write(Level::error, "the alarm is not stored: " + stored.detail);
    remember(side);
  };
  const holdfast::Receipt receipt = alarms_.push(alarm, {.on_stored = on_stored});
  if (!receipt) log_.write(Level::error, "the alarm is lost: " + receipt.detail);
}

// Without it the next start does not know the side, which is no reason to end this drive.
void VehicleApp::remember(Side side) {
  try {
    memory_->write(side);
  } catch (const std::system_error& error) {
    log_.write(Level::error, std::string("fence: ") + error.what());
  }
}

sample::ExitCode VehicleApp::finish() {
  device_.drain(settings_.drain);
  const holdfast::StopResult stopped = device_.stop();
  const holdfast::Status status = device_.status();
  std::printf(
      "%llu positions, %llu delivered, %llu messages kept for the next start, %llu bytes on the "
      "wire\n",
      static_cast<unsigned long long>(positions_taken_),
      static_cast<unsigned long long>(status.counters.delivered),
      static_cast<unsigned long long>(stopped.kept),
      static_cast<unsigned long long>(status.ledger.ip_bytes()));
  if (stopped.undelivered == 0 && stopped.kept == 0) return sample::kDone;
  const std::error_code last_error = log_.last_error();
  if (!log_.was_connected() && last_error) return sample::exit_code(last_error);
  return sample::kIncomplete;
}

}  // namespace vehicle
