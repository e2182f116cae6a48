// The `holdfast` command: pins and keys, signed pin sets, and messages over a pinned session.

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>

#include <holdfast/error.hpp>
#include <holdfast/version.hpp>

#include "command.hpp"

namespace {

using namespace holdfast::cli;

// The sub-command that was being read, as it is typed: "pinset new".
std::string typed(const CLI::App& app) {
  std::string name;
  for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
    at = at->get_subcommands().front();
    name += (name.empty() ? "" : " ") + at->get_name();
  }
  return name;
}

void complain(const std::string& command, const std::string& text) {
  std::fprintf(stderr, "holdfast%s%s: %s\n", command.empty() ? "" : " ", command.c_str(),
               text.c_str());
}

// Options of the SDK as they are typed here: "pins[1]" is a --pin. The place of a key in a config
// file and a variable stay as they are.
std::string option_of(std::string field) {
  if (field.find(": ") != std::string::npos || field.starts_with("HOLDFAST_")) return field;
  field.resize(std::min(field.find('['), field.size()));
  std::replace(field.begin(), field.end(), '_', '-');
  if (field == "pins") return "--pin";
  if (field == "ca-file") return "--ca";
  if (field == "client-certificate.certificate-file") return "--cert";
  if (field == "client-certificate.key-file") return "--key";
  if (field == "fallback-brokers") return "--also-broker";
  if (field == "network-interface") return "--interface";
  return (field == "password" ? "--password-file" : "--" + field);
}

}  // namespace

int main(int argc, char** argv) {
  // A reader of our output that has gone is seen by the write that fails.
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app(
      "Pins and keys of MQTT brokers, signed pin sets, and messages over a pinned session.\n"
      "Exit codes: 0 done, 2 usage or configuration, 3 the broker's identity was refused,\n"
      "4 not reachable or timed out, 5 refused by the broker.",
      "holdfast");
  app.set_version_flag("--version", std::string(holdfast::version()));
  app.require_subcommand(1);
  Action action;
  add_pin(app, action);
  add_keygen(app, action);
  add_pinset(app, action);
  add_pub(app, action);
  add_sub(app, action);
  add_call(app, action);
  add_decode(app, action);
  add_doctor(app, action);
  add_outbox(app, action);
  add_status(app, action);
  add_fleet(app, action);
  add_lab(app, action);
  add_plan(app, action);
  add_trace(app, action);
  add_config(app, action);
  try {
    app.parse(argc, argv);
    return action();
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    const std::string command = typed(app);
    complain(command, std::string(error.what()) + "; see holdfast " +
                          (command.empty() ? "" : command + " ") + "--help");
  } catch (const CommandError& error) {
    complain(typed(app), error.what());
    return error.code();
  } catch (const holdfast::ConfigError& error) {
    complain(typed(app),
             option_of(error.field()) + " cannot work (" + error.value() + "); " + error.mend());
  } catch (const std::exception& error) {
    complain(typed(app), error.what());
  }
  return kUsage;
}
