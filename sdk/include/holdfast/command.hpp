// Commands: a request with a reply over MQTT 5 (response topic, correlation data, message expiry).
// docs/guides/commands.md tells what is promised, and how a back end speaks to it.
//
//   device.on_command<Unlock, Unlocked>(
//       "truck/17/cmd/unlock",
//       [](const Unlock& unlock) -> holdfast::CommandResult<Unlocked> {
//         if (moving()) return holdfast::CommandError{.code = 7, .text = "the truck is moving"};
//         return UnlockedT{};
//       });
//
// Threads: plain values.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <holdfast/error.hpp>
#include <holdfast/export.hpp>
#include <holdfast/limits.hpp>
#include <holdfast/options.hpp>
#include <holdfast/payload.hpp>

namespace holdfast {

/// Why a command has an error for an answer (schemas/holdfast/command_error.fbs).
enum class CommandReason : std::uint8_t {
  app = 0,          ///< the app declined: code and text are its own
  failed = 1,       ///< the handler threw, or its reply could not be sent; it has run
  interrupted = 2,  ///< the device went down while it ran; it is not run again
  reply_gone = 3,   ///< it was run before; its reply is no longer known
  // Not run:
  malformed = 4,    ///< the payload is no request of this command
  expired = 5,      ///< its deadline passed first
  no_deadline = 6,  ///< it has none, and `CommandOptions` want one
  no_id = 7,        ///< it has no id by which a second copy could be told from a first one
  id_reused = 8,    ///< another request had this id before
  busy = 9,         ///< the device remembers as many commands as it can
  unavailable = 10  ///< the device cannot write down that it runs it
};

/// The name of a reason as it is written above.
HOLDFAST_EXPORT std::string_view to_string(CommandReason reason) noexcept;

/// What a handler returns instead of a reply, and what a caller gets.
struct CommandError {
  std::int32_t code = 0;  ///< the app's own
  std::string text;       ///< for a person; at most `limits::kMaxCommandErrorBytes`, else cut
  /// A handler's is always `app`.
  CommandReason reason = CommandReason::app;
};

/// What a handler returns: the object form of the reply, or an error.
template <Payload Reply>
using CommandResult = std::variant<typename Reply::NativeTableType, CommandError>;

/// What a handler may want to know besides the request. The views live as long as the call.
struct CommandInfo {
  std::string_view topic;
  std::string_view id;  ///< bytes, as the caller chose them
  /// It is worthless from then on; empty: it has no deadline.
  std::optional<std::chrono::steady_clock::time_point> deadline;
};

/// Whether a command may come without a deadline (Message Expiry). One without is run whenever it
/// arrives, which may be as late as the broker keeps it.
enum class CommandDeadline : std::uint8_t { optional, required };

template <Payload Request>
struct CommandOptions {
  CommandDeadline deadline = CommandDeadline::optional;
  /// Reads the id out of the request, for callers that set no correlation data; 1 to
  /// `limits::kMaxCorrelationBytes` bytes. Unset: the correlation data is the id.
  std::function<std::string(const Request&)> id{};
  Priority reply_priority = Priority::normal;
};

/// How a caller sends a command.
struct CallOptions {
  /// How long to wait for the answer, 1 s to 24 h. The command is not run later than that (plus the
  /// second to which MQTT rounds).
  std::chrono::milliseconds deadline = limits::kCallDeadline;
  Priority priority = Priority::normal;
  /// Empty: drawn at random. With the id of an earlier call the same request asks for its answer
  /// once more, and is run only if that call never arrived.
  std::string id{};
};

/// How a call ended. Errors: `command_failed` (it has run; `refusal` says more), `command_refused`
/// and `expired` (it has not), `command_interrupted` and `timed_out` (nobody knows), `reply_lost`
/// (it has run), `malformed_payload` and `foreign_payload` (it has answered with something else),
/// `closed` (the device was stopped first), and whatever ends a message.
template <Payload Reply>
struct CallResult {
  const Reply* reply = nullptr;  ///< verified; lives as long as the handler's call
  std::error_code error;         ///< empty: there is a reply
  std::string detail;
  std::optional<CommandError> refusal;  ///< what the other side has said, where it has

  explicit operator bool() const noexcept { return reply != nullptr; }
};

namespace detail {

/// A request that was taken apart: what is needed before its handler may run, and how to run it.
struct PreparedCommand {
  using Outcome = std::variant<std::vector<std::byte>, CommandError>;

  std::error_code error;  ///< the payload is no such request
  std::string id;         ///< that of the document, where the app reads it from there
  std::function<Outcome(const CommandInfo&)> run;
};

/// A command's handler without its types.
struct CommandHandler {
  /// The payload must outlive what is returned.
  std::function<PreparedCommand(std::span<const std::byte> payload)> prepare;
  bool id_in_document = false;
  CommandDeadline deadline = CommandDeadline::optional;
  Priority reply_priority = Priority::normal;
  std::string_view schema;
};

template <Payload Reply>
PreparedCommand::Outcome to_outcome(CommandResult<Reply> result) {
  if (auto* error = std::get_if<CommandError>(&result)) return std::move(*error);
  const auto buffer = pack<Reply>(std::get<typename Reply::NativeTableType>(result));
  const auto bytes = as_payload(buffer);
  return std::vector<std::byte>(bytes.begin(), bytes.end());
}

template <Payload Request, Payload Reply, class Handler>
CommandHandler make_command_handler(Handler handler, CommandOptions<Request> options) {
  CommandHandler made{.id_in_document = static_cast<bool>(options.id),
                      .deadline = options.deadline,
                      .reply_priority = options.reply_priority,
                      .schema = Schema<Request>::name};
  static_assert(std::is_invocable_v<Handler&, const Request&> ||
                    std::is_invocable_v<Handler&, const Request&, const CommandInfo&>,
                "a handler takes (const Request&) or (const Request&, const CommandInfo&)");
  made.prepare = [handler = std::make_shared<Handler>(std::move(handler)),
                  id = std::move(options.id)](std::span<const std::byte> payload) {
    PreparedCommand prepared;
    auto body = std::make_shared<Body>();
    prepared.error = open_envelope(payload, *body);
    const Request* root = prepared.error ? nullptr : verify<Request>(body->at(0), prepared.error);
    if (root == nullptr) return prepared;
    if (id) prepared.id = id(*root);
    prepared.run = [handler, body = std::move(body), root](const CommandInfo& info) {
      if constexpr (std::is_invocable_v<Handler&, const Request&, const CommandInfo&>) {
        return to_outcome<Reply>((*handler)(*root, info));
      } else {
        return to_outcome<Reply>((*handler)(*root));
      }
    };
    return prepared;
  };
  return made;
}

/// A call that has ended, without its types.
struct CallEnd {
  std::error_code error;
  std::string detail;
  std::optional<CommandError> refusal;
  std::span<const std::byte> reply;  ///< as it came; not verified
};

using CallHandler = std::function<void(const CallEnd&)>;

template <Payload Reply, class Handler>
CallHandler make_call_handler(Handler handler) {
  static_assert(std::is_invocable_v<Handler&, const CallResult<Reply>&>,
                "a handler takes (const CallResult<Reply>&)");
  return [handler = std::make_shared<Handler>(std::move(handler))](const CallEnd& end) {
    CallResult<Reply> result{.error = end.error, .detail = end.detail, .refusal = end.refusal};
    Body body;
    if (!result.error) result.error = open_envelope(end.reply, body);
    if (!result.error) result.reply = verify<Reply>(body.at(0), result.error);
    if (result.error && !end.error) {
      result.detail = "the answer is not a valid " + std::string(Schema<Reply>::name);
    }
    (*handler)(result);
  };
}

}  // namespace detail
}  // namespace holdfast
