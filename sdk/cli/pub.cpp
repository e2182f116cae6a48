// holdfast pub: publishes, and waits until everything is acknowledged.

#include <unistd.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <holdfast/device.hpp>
#include <holdfast/limits.hpp>

#include "command.hpp"
#include "connection.hpp"
#include "files.hpp"
#include "stdin_lines.hpp"
#include "text.hpp"
#include "wake.hpp"

namespace holdfast::cli {
namespace {

struct PubOptions {
  Connection connection{.command = "pub", .timeout = "30s"};
  std::string topic;
  std::optional<std::string> message;
  std::string message_file;
  bool lines = false;
  bool retain = false;
  bool json = false;
};

// Messages that may be under way before more of stdin is read: far below what the outbox takes.
constexpr std::size_t kWindowMessages = 1'000;
constexpr std::size_t kWindowBytes = std::size_t{1024} * 1024;
constexpr int kInterrupted = 130;  // as a shell tells it

// How it stands; written by the device's handlers, read by the main thread.
class Progress {
 public:
  explicit Progress(Wake& wake) : wake_(wake) {}

  struct Snapshot {
    std::uint64_t published = 0;
    std::uint64_t delivered = 0;
    std::uint64_t waiting = 0;
    std::error_code error;  // of a message that was given up, or of the connection
    std::string detail;
    bool final = false;  // trying again is of no use
    std::string pin;
  };

  void published(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    ++now_.published;
    ++now_.waiting;
    bytes_ += bytes;
  }

  void done(const Delivery& delivery, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    --now_.waiting;
    bytes_ -= bytes;
    if (!delivery.error) ++now_.delivered;
    // The first refusal is the one that is told; `closed` is only our own stop.
    if (delivery.error && delivery.error != Condition::closed && !given_up_) {
      given_up_ = true;
      now_.error = delivery.error;
      now_.detail = delivery.detail;
    }
    wake_.notify();
  }

  void note_event(const Event& event, const std::string& vouching_pin) {
    const std::lock_guard lock(mutex_);
    if (event.kind == EventKind::connected) now_.pin = vouching_pin;
    const bool broken =
        event.kind == EventKind::connect_failed || event.kind == EventKind::disconnected;
    // `closed` is our own stop.
    if (!broken || !event.error || event.error == Condition::closed || given_up_) return;
    now_.error = event.error;
    now_.detail = event.detail;
    now_.final = is_final(event.error);
    wake_.notify();
  }

  bool has_room() const {
    const std::lock_guard lock(mutex_);
    return now_.waiting < kWindowMessages && bytes_ < kWindowBytes;
  }

  Snapshot snapshot() const {
    const std::lock_guard lock(mutex_);
    return now_;
  }

 private:
  Wake& wake_;
  mutable std::mutex mutex_;
  Snapshot now_;
  std::size_t bytes_ = 0;
  bool given_up_ = false;  // a message was: no later trouble of the connection is told instead
};

// Where the messages come from: one, or the lines of stdin.
class Source {
 public:
  explicit Source(const PubOptions& options) : lines_(options.lines) {
    if (options.message) single_ = *options.message;
    if (!options.message_file.empty()) {
      const auto bytes = read_file(options.message_file, limits::kMaxPayloadBytes);
      single_ = std::string(text_of(bytes));
    }
  }

  std::optional<std::string> next() {
    return lines_ ? stdin_.next() : std::exchange(single_, std::nullopt);
  }
  bool ended() const { return lines_ ? stdin_.ended() : !single_; }
  bool hungry() const { return lines_ && stdin_.hungry(); }
  void fill() { stdin_.fill(); }

 private:
  bool lines_;
  StdinLines stdin_;
  std::optional<std::string> single_;
};

class Publication {
 public:
  explicit Publication(const PubOptions& options)
      : options_(options),
        deadline_(deadline_of(options.connection)),
        source_(options),
        progress_(wake_),
        device_(to_options(options.connection)) {
    device_.on_event([this](const Event& event) {
      progress_.note_event(event, event.kind == EventKind::connected ? device_.status().vouching_pin
                                                                     : std::string());
    });
  }

  int run() {
    std::optional<CommandError> trouble;
    try {
      publish_all();
    } catch (const CommandError& error) {
      trouble = error;
    }
    device_.stop(limits::kStopTimeout);
    if (!trouble) trouble = explain();
    if (options_.json) print_summary(trouble);
    if (trouble) throw *trouble;
    return interrupted_ ? kInterrupted : kDone;
  }

 private:
  void publish_all() {
    device_.start();
    for (;;) {
      while (progress_.has_room()) {
        const auto message = source_.next();
        if (!message) break;
        publish(*message);
      }
      const auto now = progress_.snapshot();
      if (now.final || (source_.ended() && now.waiting == 0)) return;
      const bool reads = source_.hungry() && progress_.has_room();
      const auto woken = wake_.wait(deadline_, reads ? STDIN_FILENO : -1);
      interrupted_ = woken.interrupted;
      timed_out_ = woken.timed_out;
      if (interrupted_ || timed_out_) return;
      if (woken.input) source_.fill();
    }
  }

  void publish(const std::string& message) {
    progress_.published(message.size());
    const auto receipt =
        device_.publish(options_.topic, as_payload(message),
                        {.qos = static_cast<Qos>(options_.connection.qos),
                         .retain = options_.retain ? Retain::yes : Retain::no,
                         .on_done = [this, size = message.size()](const Delivery& delivery) {
                           progress_.done(delivery, size);
                         }});
    if (!receipt) refuse("the message cannot be sent", receipt.detail, "");
  }

  // Why not everything was delivered; nothing if it was.
  std::optional<CommandError> explain() const {
    const auto now = progress_.snapshot();
    const bool complete = source_.ended() && now.delivered == now.published;
    if (complete || (interrupted_ && now.delivered == now.published)) return std::nullopt;
    const std::string count = std::to_string(now.delivered) + " of " +
                              std::to_string(now.published) + " messages were delivered";
    if (timed_out_ && !now.error) {
      return CommandError(kNotReachable, "not done within " + options_.connection.timeout, count,
                          "raise --timeout");
    }
    if (now.error) return CommandError(exit_code(now.error), now.detail, count, "");
    if (interrupted_) return std::nullopt;
    return CommandError(kNotReachable, "the messages were not delivered", count, "");
  }

  void print_summary(const std::optional<CommandError>& trouble) const {
    const auto now = progress_.snapshot();
    const Ledger ledger = device_.ledger();
    nlohmann::ordered_json by_cause;
    for (std::size_t i = 0; i < kCauses; ++i) {
      const ByteCount& bytes = ledger.made.by_cause[i];
      by_cause[std::string(to_string(static_cast<Cause>(i)))] = {{"up", bytes.up},
                                                                 {"down", bytes.down}};
    }
    const nlohmann::ordered_json summary{
        {"published", now.published},
        {"delivered", now.delivered},
        {"resumed", !now.pin.empty() && ledger.full_handshakes == 0},
        {"bytes_up", ledger.ip_bytes_up},
        {"bytes_down", ledger.ip_bytes_down},
        {"bytes_by_cause", by_cause},
        {"connections", ledger.connections},
        {"handshakes", ledger.full_handshakes},
        {"pin", now.pin.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(now.pin)},
        {"error", trouble ? nlohmann::ordered_json(trouble->what()) : nlohmann::ordered_json()}};
    print(summary.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  }

  const PubOptions& options_;
  const std::optional<std::chrono::steady_clock::time_point> deadline_;
  Source source_;
  Wake wake_;  // before the device, whose threads inherit the signals that it blocks
  Progress progress_;
  bool interrupted_ = false;
  bool timed_out_ = false;
  Device device_;  // last: its handlers use the others
};

}  // namespace

void add_pub(CLI::App& app, Action& action) {
  auto* command =
      app.add_subcommand("pub", "publish over a pinned session and wait for the acknowledgements");
  const auto options = std::make_shared<PubOptions>();
  add_connection_options(*command, options->connection);
  command->add_option("--topic", options->topic, "the topic")->required()->type_name("TOPIC");
  auto* what = command->add_option_group("what", "what is published; one of them");
  what->add_option("--message", options->message, "the payload")->type_name("TEXT");
  what->add_option("--message-file", options->message_file,
                   "a file whose bytes are the payload, or - for stdin")
      ->type_name("FILE");
  what->add_flag("--lines", options->lines,
                 "each line of stdin is a message, an empty one as well; never all in memory");
  what->require_option(1);
  command->add_flag("--retain", options->retain,
                    "the broker keeps the message for later subscribers");
  command->add_flag("--json", options->json, "print one JSON object at the end");
  command->callback(
      [options, &action] { action = [options] { return Publication(*options).run(); }; });
}

}  // namespace holdfast::cli
