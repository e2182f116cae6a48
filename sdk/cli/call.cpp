// holdfast call: sends a command, and prints what comes back.

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include <holdfast/device.hpp>
#include <holdfast/limits.hpp>

#include "base/hex.hpp"
#include "command.hpp"
#include "commands/command_error.hpp"
#include "connection.hpp"
#include "crypto/random.hpp"
#include "decoder.hpp"
#include "files.hpp"
#include "printable.hpp"
#include "text.hpp"
#include "wake.hpp"

namespace holdfast::cli {
namespace {

using namespace std::chrono_literals;

constexpr int kInterrupted = 130;  // as a shell tells it
// What a command's deadline may be; docs/guides/commands.md.
constexpr std::chrono::milliseconds kLeastTimeout = 1s;
constexpr std::chrono::milliseconds kMostTimeout = 24h;

struct CallWords {
  Connection connection{.command = "call", .timeout = "30s"};
  DecodeOptions decode;
  std::string topic;
  std::optional<std::string> message;
  std::string message_file;
  std::string reply_topic;
  std::string id;
  bool raw = false;
};

std::string random_id() {
  std::array<std::uint8_t, 16> bytes{};
  crypto::fill_with_random(bytes);
  return to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::string request_of(const CallWords& words) {
  if (words.message) return *words.message;
  return std::string(text_of(read_file(words.message_file, limits::kMaxPayloadBytes)));
}

// @throws CommandError where no device would take it
Options device_options(const CallWords& words) {
  const auto timeout = parse_duration("--timeout", words.connection.timeout);
  if (timeout < kLeastTimeout || timeout > kMostTimeout) {
    refuse("--timeout cannot be used", words.connection.timeout,
           "it is the command's deadline, 1s to 24h");
  }
  if (words.id.size() > limits::kMaxCorrelationBytes) {
    refuse("--id is too long", std::to_string(words.id.size()) + " bytes",
           "at most " + std::to_string(limits::kMaxCorrelationBytes));
  }
  Options options = to_options(words.connection);
  if (options.mqtt_version != MqttVersion::v5) {
    refuse("--mqtt cannot be used", "3.1.1", "commands and their answers need MQTT 5");
  }
  // An answer that comes after this process is nobody's.
  options.session_expiry = 0s;
  return options;
}

/// One command and its answer. The subscription is granted before the command leaves, so that no
/// answer is too early.
class Call {
 public:
  explicit Call(const CallWords& words)
      : words_(words),
        decoder_(words.decode, Decoder::Topics::left_out),
        request_(request_of(words)),
        id_(words.id.empty() ? random_id() : words.id),
        options_(device_options(words)),
        reply_topic_(words.reply_topic.empty() ? "reply/" + options_.client_id : words.reply_topic),
        deadline_(*deadline_of(words.connection)),
        device_(options_) {
    device_.on_event([this](const Event& event) { note_event(event); });
    device_.subscribe(reply_topic_, [this](const Message& message) { take(message); });
  }

  int run() {
    device_.start();
    Wake::Reasons woken;
    while (!over() && !woken.interrupted && !woken.timed_out) woken = wake_.wait(deadline_);
    device_.stop();
    const std::lock_guard lock(mutex_);
    if (trouble_) throw *trouble_;
    if (answered_) return kDone;
    if (woken.interrupted) return kInterrupted;
    throw_late();
  }

 private:
  void note_event(const Event& event) {
    const std::lock_guard lock(mutex_);
    switch (event.kind) {
      case EventKind::subscribed:
        if (!sent_) send();
        return;
      case EventKind::subscription_refused:
        return end_with(kRefused, event.detail,
                        "name a topic that you may read with --reply-topic");
      case EventKind::connect_failed:
      case EventKind::disconnected:
        if (!event.error || event.error == Condition::closed) return;  // our own stop
        if (is_final(event.error)) return end_with(exit_code(event.error), event.detail, "");
        last_failure_ = event;
        return;
      default:
        return;
    }
  }

  // The deadline is that of the whole call: what the connection has taken is off it.
  void send() {
    const auto left = deadline_ - std::chrono::steady_clock::now();
    if (left <= 0ms) return;  // the main thread sees it as well
    const auto id = as_payload(id_);
    const Receipt receipt =
        device_.publish(words_.topic, as_payload(request_),
                        {.ttl = std::chrono::ceil<std::chrono::milliseconds>(left),
                         .response_topic = reply_topic_,
                         .correlation_data = {id.begin(), id.end()},
                         .on_done = [this](const Delivery& delivery) { note_delivery(delivery); }});
    sent_ = true;
    if (!receipt) end_with(kUsage, receipt.detail, "");
  }

  void note_delivery(const Delivery& delivery) {
    const std::lock_guard lock(mutex_);
    if (!delivery.error) return;
    if (delivery.error == Condition::closed || delivery.error == Condition::expired) return;
    end_with(exit_code(delivery.error), delivery.detail, "");
  }

  void take(const Message& message) {
    const std::lock_guard lock(mutex_);
    if (answered_ || trouble_) return;
    if (as_text(message.correlation_data) != id_) {
      return note("call", "an answer to another call came, and is left out");
    }
    const auto error = commands::decode_error(message.payload);
    print_answer(message);
    if (error) return end_with(kRefused, explain(*error), "");
    answered_ = true;
    wake_.notify();
  }

  static std::string explain(const holdfast::CommandError& error) {
    std::string text =
        "the command was answered with an error: " + std::string(to_string(error.reason));
    if (error.reason == CommandReason::app) text += " " + std::to_string(error.code);
    return error.text.empty() ? text : text + ", " + printable(error.text);
  }

  void print_answer(const Message& message) {
    const std::string_view text = as_text(message.payload);
    if (words_.raw) {
      print(text);
      return;
    }
    const auto decoded = decoder_.decode(message);
    if (decoded.known) {
      print(decoder_.opening() + decoded.lines);
      return;
    }
    if (is_plain_text(text)) {
      print(std::string(text) + "\n");
      return;
    }
    note("call", decoded.trouble + "; printed in hexadecimal, and --raw keeps its bytes");
    print(to_hex(text) + "\n");
  }

  // Under the lock. The first reason is the one that is told.
  void end_with(ExitCode code, const std::string& detail, const std::string& mend) {
    if (!trouble_ && !answered_) trouble_.emplace(code, detail, "", mend);
    wake_.notify();
  }

  [[noreturn]] void throw_late() const {
    if (!sent_ && last_failure_) {
      throw CommandError(exit_code(last_failure_->error), last_failure_->detail, "", "");
    }
    if (!sent_) {
      throw CommandError(kNotReachable, "the command was not sent within",
                         words_.connection.timeout, "raise --timeout");
    }
    throw CommandError(kNotReachable, "no answer within", words_.connection.timeout,
                       "nobody knows whether it was run; the same call with --id " +
                           printable(id_) +
                           " asks for its answer, and runs it only if it never "
                           "arrived");
  }

  bool over() const {
    const std::lock_guard lock(mutex_);
    return answered_ || trouble_;
  }

  const CallWords& words_;
  Decoder decoder_;
  const std::string request_;
  const std::string id_;
  const Options options_;
  const std::string reply_topic_;
  const std::chrono::steady_clock::time_point deadline_;
  mutable std::mutex mutex_;
  bool sent_ = false;
  bool answered_ = false;
  std::optional<CommandError> trouble_;
  std::optional<Event> last_failure_;
  Wake wake_;      // before the device, whose threads inherit the signals that it blocks
  Device device_;  // last: its handlers use the others
};

}  // namespace

void add_call(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("call", "send a command and print the answer");
  const auto words = std::make_shared<CallWords>();
  add_path_options(*command, words->connection);
  command
      ->add_option("--client-id", words->connection.client_id,
                   "the name at the broker; a random one unless told")
      ->type_name("NAME");
  command->add_option("--topic", words->topic, "the command's topic")
      ->required()
      ->type_name("TOPIC");
  auto* what = command->add_option_group("what", "the request; one of them");
  what->add_option("--message", words->message, "its payload as text")->type_name("TEXT");
  what->add_option("--message-file", words->message_file,
                   "a file whose bytes are its payload, as flatc --binary makes it; or - for stdin")
      ->type_name("FILE");
  what->require_option(1);
  command
      ->add_option("--reply-topic", words->reply_topic,
                   "where the answer comes to; reply/ and the client's name unless told")
      ->type_name("TOPIC");
  command
      ->add_option("--id", words->id,
                   "by which the device knows a second copy; drawn at random unless told")
      ->type_name("TEXT");
  add_schema_options(*command, words->decode);
  command->add_flag("--raw", words->raw, "print the answer's bytes as they come")
      ->excludes("--schema")
      ->excludes("--csv");
  command->callback([words, &action] { action = [words] { return Call(*words).run(); }; });
}

}  // namespace holdfast::cli
