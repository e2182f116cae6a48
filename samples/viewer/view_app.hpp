// ViewApp: subscribes, starts the board, shows what arrives, stops the board, and adds up.

#pragma once

#include <chrono>
#include <holdfast/options.hpp>
#include <string>
#include <vector>

#include "board_status.hpp"
#include "child.hpp"
#include "common/descriptor.hpp"
#include "rows.hpp"
#include "screen.hpp"
#include "summary.hpp"
#include "watcher.hpp"

namespace view {

struct Settings {
  std::string topic;                          ///< what the board publishes on
  std::vector<std::string> board;             ///< the board's command line
  std::chrono::seconds length{15};            ///< 0: until a signal
  std::chrono::milliseconds max_delay{1000};  ///< the board's, for its last readings
};

class ViewApp {
 public:
  /// @throws holdfast::ConfigError for an option that cannot work.
  ViewApp(holdfast::Options options, Settings settings);

  /// @return the program's exit code
  int run(sample::EndSignals& signals);

 private:
  enum class Phase {
    running,   ///< the board sends
    stopping,  ///< it was asked to end, and sees its last readings off
    settling,  ///< it has ended; the last readings are on their way to us
    done,
  };

  void turn(Child& board, sample::EndSignals& signals);
  void show(Child& board);
  void advance(Child& board, bool asked_to_end);
  Summary summary() const;
  int finish();

  Settings settings_;
  Watcher watcher_;
  Screen screen_;
  Rows rows_;
  board::BoardStatus status_;
  Phase phase_ = Phase::running;
  sample::Timer end_;
  sample::Timer bound_;  // of the phase
  int board_exit_ = 0;
  int interrupted_ = 0;  // the number of the first signal
};

}  // namespace view
