// Where commands come in: each is run at most once, and answered. What was run is remembered in
// memory, and in `state_dir` where there is one (commands/memory.hpp, state/record_log.hpp).
//
// Threads: `handle` on the handler thread, which waits for the disk here so that nobody else has
// to; the rest before that thread runs a command.

#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <holdfast/command.hpp>
#include <holdfast/message.hpp>

#include "base/clock.hpp"
#include "commands/memory.hpp"
#include "device/check_options.hpp"
#include "device/shared.hpp"
#include "state/record_log.hpp"

namespace holdfast::device {

class CommandDesk {
 public:
  using Publish = std::function<Receipt(std::string_view topic, std::span<const std::byte> payload,
                                        PublishOptions options)>;

  /// Reads what was kept. Where that is lost, so are the sessions (device/session_keeper.hpp): what
  /// a broker would bring once more could have been run before.
  CommandDesk(const Settings& settings, Shared& shared, Publish publish);

  /// What a person should know of what was found; empty: nothing.
  std::string take_remark() { return std::exchange(remark_, {}); }

  /// A command has come to the head of the queue. What its handler throws is thrown on.
  void handle(const Message& message, const detail::CommandHandler& handler);

 private:
  struct Command {
    const Message& message;
    const detail::CommandHandler& handler;
    std::string id;
    commands::CommandId key;
    std::uint64_t request = 0;
  };

  commands::Seconds now() const;
  void load();
  std::optional<CommandError> why_no_command(const Command& command) const;
  bool answer_from_memory(const Command& command);
  std::optional<CommandError> why_not_now(const Command& command);
  void run(const Command& command, const detail::PreparedCommand& prepared);
  void finish(const Command& command, std::vector<std::byte> answer);
  Failure write(const commands::CommandId& key);
  Failure write_anew();
  void refuse(const Command& command, const CommandError& error);
  void reply(const Command& command, std::span<const std::byte> payload);

  const Settings& settings_;
  Shared& shared_;
  Publish publish_;
  std::optional<state::RecordLog> log_;
  commands::Memory memory_;
  commands::Seconds ran_before_{0};  // this start
  Instant started_;
  std::string remark_;
};

}  // namespace holdfast::device
