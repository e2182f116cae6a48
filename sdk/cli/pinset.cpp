#include "pinset.hpp"

#include <CLI/CLI.hpp>

namespace holdfast::cli {

void add_pinset(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("pinset", "make, sign and judge signed pin sets");
  command->require_subcommand(1);
  add_pinset_new(*command, action);
  add_pinset_sign(*command, action);
  add_pinset_merge(*command, action);
  add_pinset_verify(*command, action);
  add_pinset_show(*command, action);
  add_pinset_check(*command, action);
}

}  // namespace holdfast::cli
