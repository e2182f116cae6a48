// holdfast outbox drop: takes messages or dead letters out, for good.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "files.hpp"
#include "json_output.hpp"
#include "outbox.hpp"
#include "printable.hpp"

namespace holdfast::cli {
namespace {

using What = outbox::Survey::Selection::What;

struct DropOptions {
  std::vector<MessageId> ids;
  std::optional<std::string> topic;
  bool all = false;
  bool dead = false;
  bool json = false;
};

outbox::Survey::Selection selection_of(const DropOptions& options) {
  std::vector<std::string> chosen;
  if (!options.ids.empty() && !options.dead) chosen.emplace_back("--id");
  if (options.topic) chosen.emplace_back("--topic");
  if (options.all) chosen.emplace_back("--all");
  if (options.dead) chosen.emplace_back("--dead");
  const char* mend =
      "write --id ID, --topic TOPIC, --all (every message), --dead (every dead letter), or --dead "
      "--id ID";
  if (chosen.empty()) refuse("it is not said what to drop", "", mend);
  if (chosen.size() > 1) {
    refuse("this is said in two ways", chosen[0] + " and " + chosen[1], mend);
  }
  return {.what = options.dead ? What::dead_letters : What::messages,
          .topic = options.topic,
          .ids = options.ids};
}

std::string thing_of(What what) {
  return what == What::messages ? "message" : "dead letter";
}

std::string list(const std::vector<MessageId>& ids) {
  constexpr std::size_t kNamed = 10;
  std::string text;
  for (std::size_t n = 0; n < ids.size() && n < kNamed; ++n) {
    text += (n == 0 ? "" : ", ") + std::to_string(ids[n]);
  }
  if (ids.size() > kNamed) text += " and " + std::to_string(ids.size() - kNamed) + " more";
  return text;
}

// What is named has to be there: one that was mistyped must not pass for work that is done.
void expect_named(StoppedOutbox& outbox, const outbox::Survey::Selection& selection) {
  const auto missing = outbox->missing(selection);
  outbox.check();
  if (missing.empty()) return;
  auto other = selection;
  other.what = selection.what == What::messages ? What::dead_letters : What::messages;
  other.ids = missing;
  const bool elsewhere = outbox->missing(other).size() < missing.size();
  outbox.check();
  refuse("no " + thing_of(selection.what) + " has this id", list(missing),
         std::string("nothing was dropped; ") +
             (!elsewhere ? "holdfast outbox show and dead list what is there"
              : selection.what == What::messages ? "a dead letter has: add --dead"
                                                 : "a message has: leave --dead out"));
}

int run(const std::string& state_dir, const DropOptions& options) {
  const auto selection = selection_of(options);
  StoppedOutbox outbox(state_dir);
  expect_named(outbox, selection);
  const auto dropped = outbox->drop(selection);
  outbox.check();
  if (selection.topic && dropped.count == 0) {
    refuse("no message has this topic", printable(*selection.topic),
           "a topic is named whole, without + and #; holdfast outbox show lists them");
  }
  const auto left = outbox->left(selection.what);
  outbox.check();
  if (options.json) {
    LongObject object;
    if (object.begin({{"file", outbox->file().string()},
                      {"what", thing_of(selection.what)},
                      {"dropped", dropped.count},
                      {"bytes", dropped.bytes},
                      {"left", left.count}})) {
      object.end();
    }
    return kDone;
  }
  print(counted(dropped.count, thing_of(selection.what)) + " dropped, " +
        format_bytes(dropped.bytes) + "; " +
        (left.count == 0 ? "none is left"
                         : std::to_string(left.count) + (left.count == 1 ? " is" : " are") +
                               " left, " + format_bytes(left.bytes)) +
        "\n");
  return kDone;
}

}  // namespace

void add_outbox_drop(CLI::App& outbox, Action& action, const StateDirOption& state_dir) {
  auto* command = outbox.add_subcommand("drop", "take messages or dead letters out, for good");
  const auto options = std::make_shared<DropOptions>();
  command->add_option("--id", options->ids, "the one with this id; may be repeated")
      ->allow_extra_args(false)
      ->type_name("ID")
      ->check(why_negative);
  command->add_option("--topic", options->topic, "those with this topic, which is named whole")
      ->type_name("TOPIC");
  command->add_flag("--all", options->all, "every message; dead letters stay");
  command->add_flag("--dead", options->dead, "dead letters: every one, or those of --id");
  command->add_flag("--json", options->json, "print one JSON object");
  command->callback([options, state_dir, &action] {
    action = [options, state_dir] { return run(*state_dir, *options); };
  });
}

}  // namespace holdfast::cli
