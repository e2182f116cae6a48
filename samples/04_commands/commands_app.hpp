// CommandsApp: switches a line on command until it is told to end. The device sees to it that each
// command is run once at most, and in time (docs/guides/commands.md).

#pragma once

#include <chrono>
#include <condition_variable>
#include <holdfast/device.hpp>
#include <memory>
#include <mutex>
#include <string>

#include "common/connection.hpp"
#include "common/descriptor.hpp"
#include "common/event_log.hpp"
#include "common/service.hpp"
#include "line.hpp"
#include "switch.hpp"

namespace commands {

struct Settings {
  std::string topic;
  std::string line;
  std::chrono::milliseconds max_pulse{10'000};
};

class CommandsApp {
 public:
  /// Opens the line. @throws holdfast::ConfigError, and as `open_line`
  CommandsApp(holdfast::Options options, const Settings& settings);

  sample::ExitCode run(sample::EndSignals& signals);

 private:
  void wait_for_signal(sample::EndSignals& signals);
  Outcome obey(const Command& command, const holdfast::CommandInfo& info);
  bool wait(std::chrono::milliseconds time);
  void end_pulse();
  sample::ExitCode finish();

  Settings settings_;
  sample::EventLog log_;
  sample::Service service_;
  std::mutex mutex_;
  std::condition_variable ends_;
  bool ending_ = false;
  std::unique_ptr<Line> line_;
  Switch switch_;
  holdfast::Device device_;  // after all that its handlers use
};

}  // namespace commands
