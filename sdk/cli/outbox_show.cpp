// holdfast outbox show: what waits, in sums and row by row.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <holdfast/message.hpp>

#include "files.hpp"
#include "json_output.hpp"
#include "outbox.hpp"
#include "printable.hpp"
#include "table.hpp"

namespace holdfast::cli {
namespace {

using std::chrono::milliseconds;

// More topics are one line in the table.
constexpr std::uint64_t kTopicLines = 30;
// So that a line of usual length fits into a terminal; a narrow one cuts the payload further.
constexpr std::size_t kTopicColumns = 40;
constexpr std::size_t kKeyColumns = 20;
constexpr std::size_t kPayloadColumns = 60;
// Lines of a table whose columns are laid out together.
constexpr std::size_t kTableLines = 200;

struct ShowOptions {
  std::optional<std::string> topic;
  std::uint64_t limit = 20;
  bool json = false;
};

struct Totals {
  std::vector<outbox::Survey::Lane> lanes;
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  std::uint64_t with_ttl = 0;
  std::optional<milliseconds> next_end;  // of a time to live, from the last commit on
  std::uint64_t dead = 0;
  MessageId last_id = 0;
  std::int64_t clock = 0;
};

Totals totals_of(StoppedOutbox& outbox, const std::optional<std::string>& topic) {
  Totals totals{.lanes = outbox->lanes(topic)};
  totals.dead = outbox->dead_count();
  totals.last_id = outbox->last_id();
  totals.clock = outbox->clock();
  outbox.check();
  for (const auto& lane : totals.lanes) {
    totals.messages += lane.messages;
    totals.bytes += lane.bytes;
    totals.with_ttl += lane.with_ttl;
    if (!lane.next_expiry) continue;
    const milliseconds left(*lane.next_expiry - totals.clock);
    totals.next_end = std::min(totals.next_end.value_or(left), left);
  }
  return totals;
}

std::string epoch_of(const outbox::StreamNumber& number) {
  std::array<char, 20> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(number.epoch));
  return text.data();
}

std::optional<milliseconds> ttl_of(const outbox::Row& row, std::int64_t clock) {
  if (!row.expires) return std::nullopt;
  return milliseconds(*row.expires - clock);
}

// --- For a person --------------------------------------------------------------------------------

std::string head_in_words(outbox::Survey& survey, const ShowOptions& options,
                          const Totals& totals) {
  std::string text =
      "file      " + survey.file().string() + ": " + format_bytes(survey.file_bytes());
  if (survey.log_bytes() > 0) text += ", and " + format_bytes(survey.log_bytes()) + " of log";
  if (options.topic) text += "\ntopic     " + printable(*options.topic);
  text += "\nwaiting   " + (totals.messages == 0 ? "nothing"
                                                 : counted(totals.messages, "message") + ", " +
                                                       format_bytes(totals.bytes));
  if (totals.next_end) {
    text += "\nttl       " + counted(totals.with_ttl, "message") +
            (totals.with_ttl == 1 ? " has" : " have") + " a time to live; the next one " +
            (totals.next_end->count() > 0
                 ? "ends after " + format_duration(*totals.next_end) + " of powered-on time"
                 : "is over");
  }
  text += "\ndead      " +
          (totals.dead == 0 ? "nothing"
                            : counted(totals.dead, "letter") + "; holdfast outbox dead lists " +
                                  (totals.dead == 1 ? "it" : "them")) +
          "\n";
  return text;
}

std::string lanes_in_words(const Totals& totals) {
  Table table({{"priority"},
               {"messages", Table::Align::right},
               {"bytes", Table::Align::right},
               {"ids, oldest to newest"}});
  for (const auto& lane : totals.lanes) {
    const std::string oldest = std::to_string(lane.oldest);
    table.add({name_of(lane.priority), std::to_string(lane.messages), format_bytes(lane.bytes),
               lane.messages == 1 ? oldest : oldest + " to " + std::to_string(lane.newest)});
  }
  return "\n" + table.take_lines();
}

std::string topics_in_words(outbox::Survey& survey, const ShowOptions& options) {
  Table table({{"messages", Table::Align::right}, {"bytes", Table::Align::right}, {"topic"}});
  std::uint64_t topics = 0;
  outbox::Survey::TopicSum others;
  survey.topics(options.topic, [&](const outbox::Survey::TopicSum& sum) {
    if (++topics <= kTopicLines) {
      table.add({std::to_string(sum.messages), format_bytes(sum.bytes), printable(sum.topic)});
    } else {
      others.messages += sum.messages;
      others.bytes += sum.bytes;
    }
    return true;
  });
  if (topics > kTopicLines) {
    table.add({std::to_string(others.messages), format_bytes(others.bytes),
               "(" + counted(topics - kTopicLines, "other topic") + "; --json lists all)"});
  }
  return "\n" + table.take_lines();
}

std::vector<std::string> cells_of(const outbox::Row& row, std::int64_t clock,
                                  std::size_t payload_columns) {
  std::string number;
  if (row.number) number = epoch_of(*row.number) + "/" + std::to_string(row.number->sequence);
  std::string ttl;
  if (const auto left = ttl_of(row, clock)) {
    ttl = left->count() > 0 ? format_duration(*left) : "over";
  }
  return {std::to_string(row.place.id),
          name_of(row.place.priority),
          printable(row.topic, kTopicColumns),
          std::to_string(row.bytes()),
          ttl,
          row.retain == Retain::yes ? "retain" : "",
          row.key.empty() ? "" : printable(row.key, kKeyColumns),
          number,
          preview(as_text(row.payload), payload_columns)};
}

void print_rows(outbox::Survey& survey, const ShowOptions& options, const Totals& totals) {
  const std::uint64_t count = std::min(options.limit, totals.messages);
  if (count == 0) return;
  std::string title = "the first " + std::to_string(count);
  if (count == totals.messages) title = count == 1 ? "the message" : "all " + std::to_string(count);
  if (!print("\n" + title + (count == 1 ? ":\n" : ", in the order of sending:\n"))) return;
  const std::size_t width = terminal_width();
  Table table({{"id", Table::Align::right},
               {"priority"},
               {"topic"},
               {"bytes", Table::Align::right},
               {"ttl", Table::Align::right},
               {"retain"},
               {"key"},
               {"epoch/sequence"},
               {"payload"}},
              width);
  std::size_t lines = 0;
  bool read_on = true;
  survey.rows(options.topic, count, [&](const outbox::Row& row) {
    table.add(cells_of(row, totals.clock, std::max(width, kPayloadColumns)));
    if (++lines % kTableLines == 0) read_on = print(table.take_lines());
    return read_on;
  });
  if (read_on) print(table.take_lines());
}

// --- For a script --------------------------------------------------------------------------------

Json head_as_json(outbox::Survey& survey, const ShowOptions& options, const Totals& totals) {
  Json head{{"file", survey.file().string()},
            {"file_bytes", survey.file_bytes()},
            {"log_bytes", survey.log_bytes()}};
  if (options.topic) put_bytes(head, "topic", *options.topic);
  head["messages"] = totals.messages;
  head["bytes"] = totals.bytes;
  head["with_ttl"] = totals.with_ttl;
  head["next_ttl_ms"] = totals.next_end ? Json(totals.next_end->count()) : Json();
  head["dead"] = totals.dead;
  head["last_id"] = totals.last_id;
  head["priorities"] = Json::array();
  for (const auto& lane : totals.lanes) {
    head["priorities"].push_back({{"priority", name_of(lane.priority)},
                                  {"messages", lane.messages},
                                  {"bytes", lane.bytes},
                                  {"oldest_id", lane.oldest},
                                  {"newest_id", lane.newest}});
  }
  return head;
}

Json as_json(const outbox::Survey::TopicSum& sum) {
  Json object = Json::object();
  put_bytes(object, "topic", sum.topic);
  object["messages"] = sum.messages;
  object["bytes"] = sum.bytes;
  return object;
}

Json as_json(const outbox::Row& row, std::int64_t clock) {
  Json object{{"id", row.place.id}, {"priority", name_of(row.place.priority)}};
  put_bytes(object, "topic", row.topic);
  object["bytes"] = row.bytes();
  const auto ttl = ttl_of(row, clock);
  object["ttl_ms"] = ttl ? Json(ttl->count()) : Json();
  object["retain"] = row.retain == Retain::yes;
  object["key"] = nullptr;
  if (!row.key.empty()) {
    object.erase("key");
    put_bytes(object, "key", row.key);
  }
  object["stream"] = row.of_stream;
  // Its 64 bits are more than many readers of JSON keep of a number.
  object["epoch"] = row.number ? Json(epoch_of(*row.number)) : Json();
  object["sequence"] = row.number ? Json(row.number->sequence) : Json();
  put_bytes(object, "payload", as_text(row.payload));
  return object;
}

void print_json(StoppedOutbox& outbox, const ShowOptions& options, const Totals& totals) {
  LongObject object;
  bool read_on =
      object.begin(head_as_json(*outbox, options, totals)) && object.begin_array("topics");
  if (!read_on) return;
  outbox->topics(options.topic, [&](const outbox::Survey::TopicSum& sum) {
    return read_on = object.add(as_json(sum));
  });
  outbox.check();
  if (!read_on || !object.end_array() || !object.begin_array("rows")) return;
  outbox->rows(options.topic, options.limit, [&](const outbox::Row& row) {
    return read_on = object.add(as_json(row, totals.clock));
  });
  outbox.check();
  if (read_on && object.end_array()) object.end();
}

int run(const std::string& state_dir, const ShowOptions& options) {
  StoppedOutbox outbox(state_dir);
  const Totals totals = totals_of(outbox, options.topic);
  if (options.json) {
    print_json(outbox, options, totals);
    return kDone;
  }
  std::string text = head_in_words(*outbox, options, totals);
  if (totals.messages > 0) text += lanes_in_words(totals) + topics_in_words(*outbox, options);
  outbox.check();
  if (print(text)) print_rows(*outbox, options, totals);
  outbox.check();
  return kDone;
}

}  // namespace

void add_outbox_show(CLI::App& outbox, Action& action, const StateDirOption& state_dir) {
  auto* command = outbox.add_subcommand("show", "print what waits, in sums and row by row");
  const auto options = std::make_shared<ShowOptions>();
  command->add_option("--limit", options->limit, "print so many rows; 0: none, only the sums")
      ->type_name("N")
      ->check(why_negative)
      ->capture_default_str();
  command->add_option("--topic", options->topic, "only what has this topic, which is named whole")
      ->type_name("TOPIC");
  command->add_flag("--json", options->json, "print one JSON object");
  command->callback([options, state_dir, &action] {
    action = [options, state_dir] { return run(*state_dir, *options); };
  });
}

}  // namespace holdfast::cli
