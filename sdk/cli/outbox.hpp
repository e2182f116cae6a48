// The sub-commands of `holdfast outbox`, one file each, and the outbox that they open.

#pragma once

#include <memory>
#include <optional>
#include <string>

#include "command.hpp"
#include "outbox/survey.hpp"
#include "state/state_dir.hpp"

namespace holdfast::cli {

/// The outbox of a device that does not run. While it lives none can start with this state_dir.
class StoppedOutbox {
 public:
  /// Makes nothing. @throws CommandError if a device uses the directory, or there is nothing in it
  explicit StoppedOutbox(const std::string& state_dir);

  outbox::Survey& operator*() { return *survey_; }
  outbox::Survey* operator->() { return &*survey_; }
  /// @throws CommandError if something could not be read or written until now
  void check() const;

 private:
  std::optional<state::StateDir> lock_;
  std::optional<outbox::Survey> survey_;  // after the lock: it ends before it
};

/// "urgent", "normal" or "low".
std::string name_of(Priority priority);

// `state_dir` is set once the command line was read.
using StateDirOption = std::shared_ptr<const std::string>;
void add_outbox_show(CLI::App& outbox, Action& action, const StateDirOption& state_dir);
void add_outbox_dead(CLI::App& outbox, Action& action, const StateDirOption& state_dir);
void add_outbox_drop(CLI::App& outbox, Action& action, const StateDirOption& state_dir);

}  // namespace holdfast::cli
