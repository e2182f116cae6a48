#include "outbox.hpp"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <CLI/CLI.hpp>

#include "outbox/store.hpp"

namespace holdfast::cli {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void tell_unreachable(const fs::path& path, const std::string& why) {
  refuse("this user may not look into the outbox", path.string() + ": " + why,
         "run this as the device's user, or as root");
}

// The lock is a file that is written, and SQLite locks its own also to read it.
void expect_writable(const fs::path& path) {
  if (::access(path.c_str(), R_OK | W_OK) == 0) return;
  tell_unreachable(path, std::error_code(errno, std::generic_category()).message());
}

std::string newer_in_words(const fs::path& directory) {
  return outbox::Store::newer_in(directory).front().string() + " has a newer format";
}

// What is not there is told before the lock is taken, which would make the directory.
void expect_outbox(const fs::path& directory) {
  std::error_code error;
  const fs::file_status found = fs::status(directory, error);
  if (found.type() == fs::file_type::not_found) {
    refuse("there is no such directory", directory.string(), "name the state_dir of a device");
  }
  if (error) tell_unreachable(directory, error.message());
  if (!fs::is_directory(found)) {
    refuse("this is no directory", directory.string(), "name the state_dir of a device");
  }
  const fs::path file = outbox::Store::file_in(directory);
  const bool there = fs::exists(file, error);
  if (error) tell_unreachable(directory, error.message());
  if (!there && !outbox::Store::newer_in(directory).empty()) {
    refuse("this release does not read the outbox", newer_in_words(directory),
           "use the holdfast command of the release that the device runs");
  }
  if (!there) {
    refuse("there is no outbox in " + directory.string(), "no file " + file.filename().string(),
           "a device makes it there when it keeps its first message over a restart; check that "
           "this is its state_dir");
  }
  expect_writable(directory);
  expect_writable(file);
  // SQLite would roll it back into the file.
  if (const auto journal = fs::file_size(fs::path(file) += "-journal", error);
      !error && journal > 0) {
    refuse("the outbox was not made to its end", file.string(),
           "nothing is in it yet; the device makes it anew when it is started");
  }
}

}  // namespace

StoppedOutbox::StoppedOutbox(const std::string& state_dir) {
  expect_outbox(state_dir);
  try {
    lock_.emplace(state_dir);
  } catch (const state::InUse&) {
    refuse("a device that runs uses this directory", state_dir,
           "stop the device first, then run this again");
  }
  survey_.emplace(state_dir);
  check();
  if (!outbox::Store::newer_in(state_dir).empty()) {
    note("outbox", newer_in_words(state_dir) + " and is not looked into");
  }
}

void StoppedOutbox::check() const {
  const std::string what = survey_->file().string() + ": " + survey_->why();
  switch (survey_->trouble()) {
    case outbox::Trouble::none:
      return;
    case outbox::Trouble::damaged:
      refuse("the outbox is damaged", what,
             "nothing was changed; the device sets it aside when it is started, and sqlite3 FILE "
             ".recover gets out of it what can be had");
    case outbox::Trouble::full:
      refuse("there is no room to write to the outbox", what,
             "nothing was changed; make some on the file system");
    case outbox::Trouble::failed:
      refuse("the outbox cannot be used", what, "nothing was changed");
  }
}

std::string name_of(Priority priority) {
  switch (priority) {
    case Priority::low:
      return "low";
    case Priority::normal:
      return "normal";
    case Priority::urgent:
      return "urgent";
  }
  return "";
}

void add_outbox(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("outbox", "look into the outbox of a device that is stopped");
  command->require_subcommand(1);
  const auto state_dir = std::make_shared<std::string>();
  command
      ->add_option("--state-dir", *state_dir,
                   "the directory in which the device keeps what outlives the process")
      ->required()
      ->type_name("DIR");
  add_outbox_show(*command, action, state_dir);
  add_outbox_dead(*command, action, state_dir);
  add_outbox_drop(*command, action, state_dir);
  for (CLI::App* one : command->get_subcommands({})) {
    one->fallthrough();  // --state-dir is taken behind the sub-command, too
    one->footer("Beside them --state-dir DIR, of holdfast outbox itself.");
  }
}

}  // namespace holdfast::cli
