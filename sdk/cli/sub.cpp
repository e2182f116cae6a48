// holdfast sub: prints what arrives.

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <holdfast/device.hpp>

#include "base/hex.hpp"
#include "command.hpp"
#include "connection.hpp"
#include "decoder.hpp"
#include "files.hpp"
#include "held_messages.hpp"
#include "json_output.hpp"
#include "printable.hpp"
#include "series_rows.hpp"
#include "text.hpp"
#include "wake.hpp"

namespace holdfast::cli {
namespace {

struct SubOptions {
  Connection connection{.command = "sub", .timeout = "0"};
  DecodeOptions decode;
  std::vector<std::string> filters;
  std::uint64_t count = 0;
  bool raw = false;
  bool json = false;
};

std::string as_json(const Message& message) {
  const std::string_view text = as_text(message.payload);
  Json object{{"topic", message.topic}};
  put_bytes(object, "payload", text);
  object["retain"] = message.retain == Retain::yes;
  return object.dump() + "\n";
}

// A stream of unknown payloads must not fill memory with what was told of them.
constexpr std::size_t kNotes = 100;

// Where a device publishes what the channels of a series are, behind the topic of the series.
constexpr std::string_view kLayoutLevel = "/layout";

// The filters of the layouts of what these filters bring. Retained messages do not come to shared
// subscriptions.
std::vector<std::string> layout_filters(const std::vector<std::string>& filters) {
  std::vector<std::string> layouts;
  for (const std::string& filter : filters) {
    std::string_view own = filter;
    if (own.starts_with("$share/")) {
      const auto group_end = own.find('/', 7);
      if (group_end == std::string_view::npos) continue;
      own.remove_prefix(group_end + 1);
    } else if (own.ends_with('#')) {
      continue;  // they come with it
    }
    if (own.ends_with('#')) {
      layouts.emplace_back(own);
    } else {
      layouts.push_back(std::string(own) + std::string(kLayoutLevel));
    }
  }
  std::erase_if(layouts, [&filters](const std::string& layout) {
    return layout.size() > limits::kMaxTopicBytes ||
           std::find(filters.begin(), filters.end(), layout) != filters.end();
  });
  return layouts;
}

class Subscription {
 public:
  explicit Subscription(const SubOptions& options)
      : options_(options),
        decoder_(options.decode, Decoder::Topics::shown),
        deadline_(deadline_of(options.connection)),
        device_(to_options(options.connection)) {
    device_.on_event([this](const Event& event) { note_event(event); });
    for (const std::string& filter : options.filters) {
      device_.subscribe(
          filter, [this](const Message& message) { take(message); }, subscribe_options());
    }
    if (options.raw) return;
    for (const std::string& filter : layout_filters(options.filters)) {
      if (options.filters.size() + layout_filters_.size() >= limits::kMaxSubscriptions) break;
      if (!layout_filters_.insert(filter).second) continue;
      device_.subscribe(
          filter, [this](const Message& message) { learn(message); }, subscribe_options());
    }
  }

  int run() {
    if (!print(decoder_.opening())) return kDone;
    device_.start();
    Wake::Reasons woken;
    while (!over() && !woken.interrupted && !woken.timed_out) woken = wait();
    device_.stop();
    give_up(HeldMessages::Instant::max());
    const std::lock_guard lock(mutex_);
    if (trouble_) throw *trouble_;
    if (woken.interrupted || enough_) return kDone;
    const std::string got = std::to_string(taken_) + " messages came";
    if (!connected_ && last_failure_) {
      throw CommandError(exit_code(last_failure_->error), last_failure_->detail, "", "");
    }
    if (options_.count != 0 || !connected_) {
      throw CommandError(kNotReachable, "not done within " + options_.connection.timeout, got,
                         "raise --timeout");
    }
    return kDone;
  }

 private:
  SubscribeOptions subscribe_options() const {
    return {.qos = options_.connection.qos == 0 ? Qos::at_most_once : Qos::at_least_once};
  }

  Wake::Reasons wait() {
    std::optional<HeldMessages::Instant> until = deadline_;
    {
      const std::lock_guard lock(mutex_);
      if (const auto end = held_.next_end()) until = until ? std::min(*until, *end) : end;
    }
    Wake::Reasons woken = wake_.wait(until, -1, STDOUT_FILENO);
    if (woken.reader_gone) {
      const std::lock_guard lock(mutex_);
      enough_ = true;
    }
    const auto now = std::chrono::steady_clock::now();
    woken.timed_out = deadline_ && now >= *deadline_;
    give_up(now);
    return woken;
  }

  void take(const Message& message) {
    const std::lock_guard lock(mutex_);
    if (enough_) return;
    if (options_.raw) return put(as_line(message));
    learn_layout(message);
    auto decoded = decoder_.decode(message);
    if (decoded.missing_layout && held_.hold(message, std::chrono::steady_clock::now())) {
      wake_.notify();  // it has to look at the clock
      return;
    }
    put(as_text_of(message, decoded));
  }

  // A layout that nobody subscribed to is not printed.
  void learn(const Message& message) {
    const std::lock_guard lock(mutex_);
    learn_layout(message);
  }

  void learn_layout(const Message& message) {
    const std::string_view topic = message.topic;
    if (!topic.ends_with(kLayoutLevel) || !is_series_layout(message.payload)) return;
    const std::string series(topic.substr(0, topic.size() - kLayoutLevel.size()));
    if (!decoder_.learn(series, message.payload)) {
      note_once("the description of a series on " + printable(topic) + " is damaged");
      return;
    }
    print_all(held_.release(series));
  }

  void give_up(HeldMessages::Instant now) {
    const std::lock_guard lock(mutex_);
    print_all(held_.give_up(now));
  }

  void print_all(const std::vector<Message>& messages) {
    for (const Message& message : messages) {
      if (enough_) return;
      put(as_text_of(message, decoder_.decode(message)));
    }
  }

  void put(const std::string& text) {
    ++taken_;
    if (!print(text)) enough_ = true;  // the reader has gone; that is how a pipe into head ends
    if (taken_ == options_.count) enough_ = true;
    if (enough_) wake_.notify();
  }

  std::string as_text_of(const Message& message, const Decoder::Result& decoded) {
    // Text, and what nobody asked to have decoded, need no explanation.
    const bool expected = decoded.known || !options_.decode.schemas.empty() || options_.decode.csv;
    if (!decoded.trouble.empty() && expected) note_once(decoded.trouble);
    if (decoded.known || decoder_.makes_table()) return decoded.lines;
    return options_.json ? as_json(message) : as_line(message);
  }

  void note_once(const std::string& text) {
    if (told_.size() < kNotes && told_.insert(text).second) note("sub", text);
  }

  std::string as_line(const Message& message) {
    const std::string_view text = as_text(message.payload);
    if (options_.raw) return std::string(text);
    if (is_plain_text(text)) return std::string(text) + "\n";
    if (!told_of_hex_) {
      note("sub", "a payload on " + (is_plain_text(message.topic) ? message.topic : "a topic") +
                      " is not text and printed in hexadecimal; --raw or --json keep its bytes");
      told_of_hex_ = true;
    }
    return to_hex(text) + "\n";
  }

  void note_event(const Event& event) {
    const std::lock_guard lock(mutex_);
    switch (event.kind) {
      case EventKind::connected:
        connected_ = true;
        return;
      case EventKind::subscription_refused:
        if (is_of_a_layout(event.detail)) return note_once(event.detail);
        end_with(kRefused, event.detail);
        return;
      case EventKind::connect_failed:
      case EventKind::disconnected:
        if (!event.error || event.error == Condition::closed) return;  // our own stop
        if (is_final(event.error)) {
          end_with(exit_code(event.error), event.detail);
          return;
        }
        if (!last_failure_ || last_failure_->detail != event.detail) note("sub", event.detail);
        last_failure_ = event;
        return;
      case EventKind::inbound_overflow:
      case EventKind::duplicate_client_id:
      case EventKind::warning:
        note("sub", event.detail);
        return;
      default:
        return;
    }
  }

  bool is_of_a_layout(const std::string& detail) const {
    return std::any_of(
        layout_filters_.begin(), layout_filters_.end(),
        [&detail](const auto& filter) { return detail.find(filter) != std::string::npos; });
  }

  void end_with(ExitCode code, const std::string& detail) {
    if (!trouble_ && !enough_) trouble_ = CommandError(code, detail, "", "");
    wake_.notify();
  }

  bool over() const {
    const std::lock_guard lock(mutex_);
    return enough_ || trouble_;
  }

  const SubOptions& options_;
  Decoder decoder_;
  const std::optional<std::chrono::steady_clock::time_point> deadline_;
  mutable std::mutex mutex_;
  std::uint64_t taken_ = 0;
  bool enough_ = false;
  bool connected_ = false;
  bool told_of_hex_ = false;
  std::set<std::string> told_;
  std::set<std::string> layout_filters_;
  HeldMessages held_;
  std::optional<CommandError> trouble_;
  std::optional<Event> last_failure_;
  Wake wake_;      // before the device, whose threads inherit the signals that it blocks
  Device device_;  // last: its handlers use the others
};

}  // namespace

void add_sub(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("sub", "print the messages that arrive over a pinned session");
  const auto options = std::make_shared<SubOptions>();
  add_connection_options(*command, options->connection);
  command->add_option("--filter,--topic", options->filters, "a topic or a filter; may be repeated")
      ->required()
      ->allow_extra_args(false)
      ->type_name("FILTER");
  command->add_option("--count", options->count, "end after so many messages; 0: never")
      ->type_name("N")
      ->capture_default_str();
  add_schema_options(*command, options->decode);
  command->add_flag("--raw", options->raw, "print the payloads' bytes and nothing between them")
      ->excludes("--schema")
      ->excludes("--csv");
  command->add_flag("--json", options->json, "print one JSON object for each message")
      ->excludes("--csv");
  command->callback(
      [options, &action] { action = [options] { return Subscription(*options).run(); }; });
}

}  // namespace holdfast::cli
