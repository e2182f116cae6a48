// VehicleApp: sends where the vehicle is until the ignition goes off, and then sees to it that what
// it has seen has arrived, or waits in the state directory for the next drive.

#pragma once

#include <chrono>
#include <filesystem>
#include <holdfast/device.hpp>
#include <optional>
#include <string>

#include "common/connection.hpp"
#include "common/descriptor.hpp"
#include "common/event_log.hpp"
#include "common/service.hpp"
#include "fence_alarm_generated.h"
#include "geofence.hpp"
#include "gps_source.hpp"
#include "ignition.hpp"
#include "position.hpp"

namespace vehicle {

struct Settings {
  std::string topic;
  std::chrono::milliseconds every{10'000};
  std::chrono::milliseconds max_delay{300'000};
  std::chrono::milliseconds drain{30'000};
  std::string gpsd_host = "localhost";
  std::string gpsd_port = "2947";
  std::optional<Fence> fence;
  std::filesystem::path ignition_file;  ///< empty: a signal tells
};

class VehicleApp {
 public:
  /// @param options with a `state_dir`, where the fence's side is kept as well
  /// @throws holdfast::ConfigError for an option that cannot work.
  VehicleApp(holdfast::Options options, const Settings& settings);

  /// Runs until the ignition goes off or a signal comes.
  sample::ExitCode run(sample::EndSignals& signals);

 private:
  std::string drive(sample::EndSignals& signals);
  void take(const Fix& fix);
  void tell_time(const Fix& fix);
  void push(const Reading& reading);
  void look_at_fence(const Fix& fix);
  void raise_alarm(const Fix& fix, Side side);
  void remember(Side side);
  void note_fix(const Fix& fix);
  sample::ExitCode finish();

  Settings settings_;
  sample::EventLog log_;
  sample::Service service_;
  Sampler sampler_;
  std::optional<FenceMemory> memory_;
  std::optional<Geofence> fence_;
  std::optional<bool> had_place_;
  std::optional<std::chrono::steady_clock::time_point> time_told_;
  std::uint64_t positions_taken_ = 0;
  holdfast::Device device_;  // after the log and the service, which its handler uses
  holdfast::SeriesStream<Position> positions_;
  holdfast::Stream<FenceAlarm> alarms_;
};

}  // namespace vehicle
