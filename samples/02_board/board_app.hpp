// BoardApp: sends the readings of this board until it is asked to end, and then sees to it that
// what was sent has arrived.

#pragma once

#include <chrono>
#include <holdfast/device.hpp>
#include <string>

#include "board_status.hpp"
#include "common/connection.hpp"
#include "common/descriptor.hpp"
#include "common/event_log.hpp"
#include "common/service.hpp"
#include "sensors.hpp"

namespace board {

enum class Output { events, status_json };

struct Settings {
  std::string topic_prefix;
  std::chrono::milliseconds every{250};  ///< above 0
  std::chrono::milliseconds max_delay{1000};
  std::chrono::seconds length{0};  ///< 0: until a signal
  Output output = Output::events;
};

class BoardApp {
 public:
  /// @throws holdfast::ConfigError for an option that cannot work.
  BoardApp(holdfast::Options options, const Settings& settings);

  /// Runs until a signal comes or `settings.length` is over.
  sample::ExitCode run(sample::EndSignals& signals);

 private:
  /// @return whether a signal ended it
  bool send_readings(sample::EndSignals& signals);
  void drain();
  BoardStatus status() const;
  void print(const BoardStatus& status) const;
  sample::ExitCode verdict(const holdfast::StopResult& stopped, bool interrupted) const;

  Settings settings_;
  sample::EventLog log_;
  sample::Service service_;
  Sensors sensors_;
  holdfast::Device device_;  // after these two, which its handler uses
  holdfast::Stream<BoardReading> readings_;
  std::uint64_t pushed_ = 0;
};

}  // namespace board
