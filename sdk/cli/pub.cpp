// holdfast pub: publishes, and waits until everything is acknowledged.

#include <unistd.h>
#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
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

// Messages that may be under way, or wait for the disk, before more of stdin is read: far below
// what the outbox takes.
constexpr std::size_t kWindowMessages = 1'000;
constexpr std::size_t kWindowBytes = std::size_t{1024} * 1024;
using namespace std::chrono_literals;

constexpr int kInterrupted = 130;  // as a shell tells it
// Lines that are stored may wait for a broker that is away for weeks.
constexpr std::size_t kStoredMessages = 10'000'000;
constexpr std::uint64_t kStoredBytes = std::uint64_t{4} * 1024 * 1024 * 1024;
// How often it is looked whether there is room again, or nothing left.
constexpr auto kLook = 200ms;

// With a place to keep them, lines are stored before they count as taken.
bool are_stored(const PubOptions& options) {
  return options.lines && options.connection.qos == 1 && !options.connection.state_dir.empty();
}

Options device_options(const PubOptions& options) {
  Options made = to_options(options.connection);
  if (!are_stored(options)) return made;
  made.outbox.messages = kStoredMessages;
  made.outbox.bytes = made.outbox.file_bytes = kStoredBytes;
  return made;
}

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
    bool given_up = false;  // a message was: no later trouble of the connection is told instead
    bool final = false;     // trying again is of no use
    std::string pin;
  };

  void published(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    ++now_.published;
    ++now_.waiting;
    bytes_ += bytes;
  }

  void not_published(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    --now_.published;
    --now_.waiting;
    bytes_ -= bytes;
  }

  void done(const Delivery& delivery, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    --now_.waiting;
    bytes_ -= bytes;
    if (!delivery.error) ++now_.delivered;
    // The first refusal is the one that is told; `closed` is only our own stop.
    if (delivery.error && delivery.error != Condition::closed && !now_.given_up) {
      now_.given_up = true;
      now_.error = delivery.error;
      now_.detail = delivery.detail;
    }
    wake_.notify();
  }

  // It is on the disk: more of stdin may be read.
  void stored(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    --now_.waiting;
    bytes_ -= bytes;
    wake_.notify();
  }

  void note_event(const Event& event, const std::string& vouching_pin) {
    const std::lock_guard lock(mutex_);
    if (event.kind == EventKind::connected) now_.pin = vouching_pin;
    const bool lost = event.kind == EventKind::message_refused ||
                      event.kind == EventKind::message_set_aside ||
                      event.kind == EventKind::message_dropped;
    if (lost && event.error && event.error != Condition::closed && !now_.given_up) {
      now_.given_up = true;
      now_.error = event.error;
      now_.detail = event.detail;
      wake_.notify();
      return;
    }
    const bool broken = event.kind == EventKind::connect_failed ||
                        event.kind == EventKind::disconnected ||
                        event.kind == EventKind::storage_failed;
    // `closed` is our own stop.
    if (!broken || !event.error || event.error == Condition::closed || now_.given_up) return;
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
        stores_(are_stored(options)),
        device_(device_options(options)) {
    device_.on_event([this](const Event& event) {
      progress_.note_event(event, event.kind == EventKind::connected ? device_.status().vouching_pin
                                                                     : std::string());
    });
  }

  int run() {
    std::optional<CommandError> trouble;
    try {
      device_.start();
      stores_ ? store_all() : publish_all();
    } catch (const CommandError& error) {
      trouble = error;
    }
    kept_ = device_.stop(limits::kStopTimeout).kept;
    if (!trouble) trouble = explain();
    if (options_.json) print_summary(trouble);
    if (trouble) throw *trouble;
    return interrupted_ ? kInterrupted : kDone;
  }

 private:
  void publish_all() {
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

  void store_all() {
    std::optional<std::string> line;
    for (;;) {
      bool full = false;
      while (!full && progress_.has_room()) {
        if (!line) line = source_.next();
        if (!line) break;
        full = !store(*line);
        if (!full) line.reset();
      }
      const auto now = progress_.snapshot();
      if (now.final) return;
      const bool drains = !line && source_.ended() && now.waiting == 0;
      if (drains && device_.drain(kLook).undelivered == 0) return;
      const bool reads = !line && source_.hungry() && progress_.has_room();
      // Nothing tells of room in the outbox; and to drain was to wait already.
      auto until = deadline_;
      const auto look = std::chrono::steady_clock::now() + (drains ? 0ms : kLook);
      if (full || drains) until = until ? std::min(*until, look) : look;
      const auto woken = wake_.wait(until, reads ? STDIN_FILENO : -1);
      interrupted_ = woken.interrupted;
      timed_out_ = deadline_ && std::chrono::steady_clock::now() >= *deadline_;
      if (interrupted_ || timed_out_) return;
      if (woken.input) source_.fill();
    }
  }

  // @return false if there is no room for it now
  bool store(const std::string& line) {
    const std::uint64_t number = lines_ + 1;
    progress_.published(line.size());
    const auto receipt =
        device_.publish(options_.topic, as_payload(line),
                        {.retain = options_.retain ? Retain::yes : Retain::no,
                         .durable = Durable::at_push(),
                         .on_stored = [this, number, size = line.size()](const Stored& stored) {
                           if (options_.json && !stored.error) {
                             print("{\"line\":" + std::to_string(number) + ",\"stored\":true}\n");
                           }
                           progress_.stored(size);
                         }});
    if (receipt) {
      lines_ = number;
      return true;
    }
    progress_.not_published(line.size());
    if (receipt.error != Errc::outbox_full) refuse("the line cannot be sent", receipt.detail, "");
    return false;
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

  Progress::Snapshot snapshot() const {
    auto now = progress_.snapshot();
    if (stores_) now.delivered = device_.status().counters.delivered;
    return now;
  }

  // Why not everything was delivered; nothing if it was.
  std::optional<CommandError> explain() const {
    const auto now = snapshot();
    // What an earlier call has left is delivered by this one as well.
    const bool all = stores_ ? kept_ == 0 && !now.given_up : now.delivered == now.published;
    if (all && (source_.ended() || interrupted_)) return std::nullopt;
    // What is kept was asked to be kept.
    if (stores_ && interrupted_ && !now.given_up) return std::nullopt;
    std::string count = std::to_string(now.delivered) + " of " + std::to_string(now.published) +
                        " messages were delivered";
    if (stores_) {
      count = std::to_string(now.published) + " lines were taken and " +
              std::to_string(now.delivered) + " delivered; " + std::to_string(kept_) +
              " are kept in " + options_.connection.state_dir + ", for the next call with it";
    }
    if (timed_out_ && !now.error) {
      return CommandError(kNotReachable, "not done within " + options_.connection.timeout, count,
                          "raise --timeout");
    }
    if (now.error) return CommandError(exit_code(now.error), now.detail, count, "");
    if (interrupted_) return std::nullopt;
    return CommandError(kNotReachable, "the messages were not delivered", count, "");
  }

  void print_summary(const std::optional<CommandError>& trouble) const {
    const auto now = snapshot();
    const Ledger ledger = device_.ledger();
    nlohmann::ordered_json by_cause;
    for (std::size_t i = 0; i < kCauses; ++i) {
      const ByteCount& bytes = ledger.made.by_cause[i];
      by_cause[std::string(to_string(static_cast<Cause>(i)))] = {{"up", bytes.up},
                                                                 {"down", bytes.down}};
    }
    nlohmann::ordered_json summary{
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
    if (stores_) summary["kept"] = kept_;
    print(summary.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  }

  const PubOptions& options_;
  const std::optional<std::chrono::steady_clock::time_point> deadline_;
  Source source_;
  Wake wake_;  // before the device, whose threads inherit the signals that it blocks
  Progress progress_;
  bool interrupted_ = false;
  bool timed_out_ = false;
  const bool stores_;
  std::uint64_t lines_ = 0;  // taken
  std::uint64_t kept_ = 0;   // for the next call
  Device device_;            // last: its handlers use the others
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
