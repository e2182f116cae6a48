// holdfast outbox dead: what the broker refused for good, and why.

#include <unistd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include <holdfast/error.hpp>
#include <holdfast/message.hpp>

#include "files.hpp"
#include "json_output.hpp"
#include "outbox.hpp"
#include "printable.hpp"
#include "table.hpp"
#include "text.hpp"

namespace holdfast::cli {
namespace {

constexpr std::size_t kTopicColumns = 40;

struct DeadOptions {
  std::optional<MessageId> payload;
  bool json = false;
};

std::string error_of(const outbox::DeadLetter& letter) {
  return make_error_code(static_cast<Errc>(letter.code)).message();
}

Json as_json(const outbox::DeadLetter& letter) {
  Json object{{"id", letter.id}};
  put_bytes(object, "topic", letter.topic);
  object["code"] = letter.code;
  object["error"] = error_of(letter);
  put_bytes(object, "reason", letter.reason);
  put_bytes(object, "payload", as_text(letter.payload));
  return object;
}

void print_json(StoppedOutbox& outbox) {
  LongObject object;
  const std::uint64_t count = outbox->dead_count();
  outbox.check();
  bool read_on = object.begin({{"file", outbox->file().string()}, {"dead", count}}) &&
                 object.begin_array("letters");
  if (!read_on) return;
  outbox->dead(
      [&](const outbox::DeadLetter& letter) { return read_on = object.add(as_json(letter)); });
  outbox.check();
  if (read_on && object.end_array()) object.end();
}

// A device keeps a thousand, and a line is short whatever the payload.
void print_table(StoppedOutbox& outbox) {
  Table table(
      {{"id", Table::Align::right}, {"topic"}, {"payload", Table::Align::right}, {"reason"}});
  std::uint64_t count = 0;
  outbox->dead([&](const outbox::DeadLetter& letter) {
    ++count;
    table.add({std::to_string(letter.id), printable(letter.topic, kTopicColumns),
               format_bytes(letter.payload.size()),
               letter.reason.empty() ? error_of(letter) : printable(letter.reason)});
    return true;
  });
  outbox.check();
  if (count == 0) {
    print("no dead letters\n");
    return;
  }
  print(counted(count, "dead letter") + ":\n" + table.take_lines());
}

void write_payload(StoppedOutbox& outbox, MessageId id) {
  const auto letter = outbox->dead_letter(id);
  outbox.check();
  if (!letter) {
    refuse("no dead letter has this id", std::to_string(id),
           "holdfast outbox dead lists those that are there");
  }
  const std::string_view bytes = as_text(letter->payload);
  if (::isatty(STDOUT_FILENO) == 1 && !is_plain_text(bytes)) {
    refuse("the payload is not text, and would go to a terminal", std::to_string(id),
           "write it to a file or a pipe: > FILE");
  }
  write_file("-", {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

int run(const std::string& state_dir, const DeadOptions& options) {
  StoppedOutbox outbox(state_dir);
  if (options.payload) {
    write_payload(outbox, *options.payload);
  } else if (options.json) {
    print_json(outbox);
  } else {
    print_table(outbox);
  }
  return kDone;
}

}  // namespace

void add_outbox_dead(CLI::App& outbox, Action& action, const StateDirOption& state_dir) {
  auto* command = outbox.add_subcommand("dead", "print what the broker refused for good, and why");
  const auto options = std::make_shared<DeadOptions>();
  auto* json = command->add_flag("--json", options->json, "print one JSON object");
  command
      ->add_option("--payload", options->payload,
                   "write the bytes of this one's payload to stdout, and nothing else")
      ->type_name("ID")
      ->check(why_negative)
      ->excludes(json);
  command->callback([options, state_dir, &action] {
    action = [options, state_dir] { return run(*state_dir, *options); };
  });
}

}  // namespace holdfast::cli
