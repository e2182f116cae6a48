#include "device/command_desk.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>
#include <variant>
#include <vector>

#include <holdfast/limits.hpp>

#include "commands/command_error.hpp"
#include "commands/memory_record.hpp"
#include "device/session_keeper.hpp"

namespace holdfast::device {
namespace {

using namespace std::chrono_literals;
using commands::Memory;
using Milliseconds = std::chrono::milliseconds;

constexpr const char* kLogName = "commands";
constexpr unsigned kLogFormat = 1;
// A record without its reply, in the log.
constexpr std::size_t kRecordBytes = 128;

commands::Seconds reach_of(const Options& options) {
  return std::max<commands::Seconds>(options.session_expiry, limits::kCommandReach) +
         limits::kCommandReachMargin;
}

// How long an answer is worth something: the caller may have left a little more time than it said.
Milliseconds time_to_live(const Message& command, Instant now) {
  if (!command.expires) return limits::kReplyTime;
  const auto left = std::chrono::ceil<Milliseconds>(*command.expires - now);
  return std::clamp<Milliseconds>(left + limits::kReplyGrace, limits::kReplyGrace,
                                  limits::kReplyTime);
}

}  // namespace

CommandDesk::CommandDesk(const Settings& settings, Shared& shared, Publish publish)
    : settings_(settings),
      shared_(shared),
      publish_(std::move(publish)),
      memory_(reach_of(settings.options)),
      started_(shared.environment.now()) {
  if (settings.options.state_dir.empty()) return;
  log_.emplace(settings.options.state_dir, kLogName, kLogFormat);
  load();
}

void CommandDesk::load() {
  auto found = log_->load(remark_);
  for (const auto& bytes : found.records) {
    std::string why;
    if (auto one = commands::decode_record(bytes, why)) {
      memory_.found(std::move(*one));
    } else {
      found.lost = true;
      remark_ = log_->file().string() + " has a record that cannot be used: " + why;
    }
  }
  ran_before_ = memory_.last_seen();
  if (!found.lost) return;
  remark_ += "; commands that were sent before this start are not run";
  // In this order, or a crash in between would leave sessions without the memory that they need.
  Failure failure = SessionKeeper::forget(settings_);
  if (!failure) failure = write_anew();
  if (failure) remark_ += ". " + failure.detail;
}

commands::Seconds CommandDesk::now() const {
  return ran_before_ + std::chrono::floor<commands::Seconds>(shared_.environment.now() - started_);
}

void CommandDesk::handle(const Message& message, const detail::CommandHandler& handler) {
  detail::PreparedCommand prepared = handler.prepare(message.payload);
  Command command{.message = message, .handler = handler, .id = std::move(prepared.id)};
  if (!handler.id_in_document) command.id = std::string(as_text(message.correlation_data));
  if (prepared.error) {
    shared_.reject_payload(message.topic, prepared.error, handler.schema);
    refuse(command,
           {0, "it is not a valid " + std::string(handler.schema), CommandReason::malformed});
    return;
  }
  if (const auto why = why_no_command(command)) {
    refuse(command, *why);
    return;
  }
  command.key = commands::command_id(message.topic, command.id);
  command.request = commands::digest_of(message.payload);
  if (answer_from_memory(command)) return;
  if (const auto why = why_not_now(command)) {
    refuse(command, *why);
    return;
  }
  run(command, prepared);
}

std::optional<CommandError> CommandDesk::why_no_command(const Command& command) const {
  if (command.message.retain == Retain::yes) {
    return CommandError{0, "it is a retained message, which every start would bring once more",
                        CommandReason::no_id};
  }
  if (command.id.empty()) {
    return CommandError{0, "it has no id; send one as its correlation data", CommandReason::no_id};
  }
  if (command.id.size() > limits::kMaxCorrelationBytes) {
    return CommandError{0,
                        "its id has " + std::to_string(command.id.size()) + " bytes; at most " +
                            std::to_string(limits::kMaxCorrelationBytes) + " are taken",
                        CommandReason::no_id};
  }
  return std::nullopt;
}

bool CommandDesk::answer_from_memory(const Command& command) {
  const Memory::Standing standing = memory_.look(command.key, command.request);
  if (standing == Memory::Standing::unknown) return false;
  if (memory_.seen_again(command.key, now())) {
    if (const Failure failure = write(command.key)) {
      shared_.emit(EventKind::storage_failed, failure);
    }
  }
  switch (standing) {
    case Memory::Standing::unknown:
      break;
    case Memory::Standing::answered:
      ++shared_.counters.commands_repeated;
      reply(command, memory_.reply_to(command.key));
      break;
    case Memory::Standing::reply_gone:
      refuse(command,
             {0, "it was run before, and its reply is not kept", CommandReason::reply_gone});
      break;
    case Memory::Standing::interrupted:
      refuse(command, {0, "the device went down while it ran; look whether it took effect",
                       CommandReason::interrupted});
      break;
    case Memory::Standing::id_reused:
      refuse(command, {0, "another request had this id; give each command an id of its own",
                       CommandReason::id_reused});
      break;
  }
  return true;
}

std::optional<CommandError> CommandDesk::why_not_now(const Command& command) {
  const auto& deadline = command.message.expires;
  if (!deadline && command.handler.deadline == CommandDeadline::required) {
    return CommandError{0, "it has no deadline; send one as its message expiry",
                        CommandReason::no_deadline};
  }
  if (deadline && *deadline <= shared_.environment.now()) {
    return CommandError{0, "its deadline had passed when its turn came", CommandReason::expired};
  }
  if (!memory_.make_room(now())) {
    return CommandError{
        0,
        std::to_string(memory_.size()) + " commands are remembered, which could all come once more",
        CommandReason::busy};
  }
  memory_.begin(command.key, command.request, now());
  if (const Failure failure = write(command.key)) {
    memory_.undo(command.key);
    shared_.emit(EventKind::storage_failed, failure);
    return CommandError{0, "the device cannot write down that it runs it",
                        CommandReason::unavailable};
  }
  return std::nullopt;
}

void CommandDesk::run(const Command& command, const detail::PreparedCommand& prepared) {
  ++shared_.counters.commands_run;
  detail::PreparedCommand::Outcome outcome;
  std::exception_ptr thrown;
  try {
    outcome = prepared.run({command.message.topic, command.id, command.message.expires});
  } catch (const std::exception& error) {
    outcome = CommandError{0, error.what(), CommandReason::failed};
    thrown = std::current_exception();
  } catch (...) {
    outcome = CommandError{0, "the handler threw", CommandReason::failed};
    thrown = std::current_exception();
  }
  if (auto* error = std::get_if<CommandError>(&outcome)) {
    if (!thrown) error->reason = CommandReason::app;
    finish(command, commands::encode_error(*error));
  } else {
    finish(command, std::move(std::get<std::vector<std::byte>>(outcome)));
  }
  if (thrown) std::rethrow_exception(thrown);  // the dispatcher tells the app
}

void CommandDesk::finish(const Command& command, std::vector<std::byte> answer) {
  if (answer.size() > limits::kMaxPayloadBytes) {
    answer = commands::encode_error(
        {0, "the reply has " + std::to_string(answer.size()) + " bytes, too many for a message",
         CommandReason::failed});
  }
  memory_.answer(command.key, answer, now());
  // Before it is sent: what a caller has heard once, it must hear again.
  if (const Failure failure = write(command.key)) shared_.emit(EventKind::storage_failed, failure);
  reply(command, answer);
}

Failure CommandDesk::write(const commands::CommandId& key) {
  if (!log_) return {};
  Failure failure = log_->append(commands::encode_record(memory_.record_of(key)));
  const std::size_t needed = memory_.size() * kRecordBytes + memory_.reply_bytes();
  if (failure || log_->bytes() <= 2 * needed + limits::kCommandLogSlack) return failure;
  if (const Failure later = write_anew()) {
    shared_.emit(EventKind::storage_failed, later);  // it only grows: tried again with the next one
  }
  return {};
}

Failure CommandDesk::write_anew() {
  std::vector<state::RecordLog::Record> records;
  for (const auto& one : memory_.all()) records.push_back(commands::encode_record(one));
  return log_->replace(records);
}

void CommandDesk::refuse(const Command& command, const CommandError& error) {
  ++shared_.counters.commands_refused;
  shared_.emit(EventKind::command_refused, commands::errc_of(error.reason),
               "a command on \"" + command.message.topic + "\" was not run (" +
                   std::string(to_string(error.reason)) + "): " + error.text);
  // To each start of each subscriber, and to an id that no message can carry, there is no answer.
  const bool is_answerable =
      command.message.retain == Retain::no &&
      command.message.correlation_data.size() <= limits::kMaxCorrelationBytes;
  if (is_answerable) reply(command, commands::encode_error(error));
}

void CommandDesk::reply(const Command& command, std::span<const std::byte> payload) {
  const Message& to = command.message;
  if (to.response_topic.empty()) return;
  const Receipt receipt = publish_(to.response_topic, payload,
                                   {.ttl = time_to_live(to, shared_.environment.now()),
                                    .priority = command.handler.reply_priority,
                                    .correlation_data = to.correlation_data});
  if (receipt) return;
  shared_.emit(EventKind::warning, receipt.error,
               "the answer to a command on \"" + to.topic + "\" cannot be sent: " + receipt.detail);
}

}  // namespace holdfast::device
