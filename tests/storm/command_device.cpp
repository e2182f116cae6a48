// The device that is killed while it runs a command.
//
// Usage: holdfast_test_command_device URL STATE_DIR PIN...
//
// A line leaves by one write(): "ready" when it is subscribed, "running VERB" from within a
// handler. The verb "hang" never returns; all others are answered. It runs until it is killed.

#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include <holdfast/device.hpp>

#include "command_generated.h"
#include "reading_generated.h"

namespace {

using namespace holdfast;

void say(std::string line) {
  line += '\n';
  if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    std::_Exit(4);
  }
}

int run(const std::vector<std::string>& words) {
  Options options;
  options.broker = words[0];
  options.client_id = "command-device";
  options.state_dir = words[1];
  options.pins.assign(words.begin() + 2, words.end());
  Device device(std::move(options));
  device.on_event([](const Event& event) {
    if (event.kind == EventKind::subscribed) say("ready");
    if (event.kind == EventKind::storage_failed) say("! " + event.detail);
  });
  device.on_command<Command, Reading>("cmd", [](const Command& command) {
    say("running " + command.verb()->str());
    while (command.verb()->str() == "hang") ::pause();
    return CommandResult<Reading>(ReadingT());
  });
  device.start();
  for (;;) ::pause();
}

}  // namespace

int main(int count, char** words) {
  if (count < 4) return 2;
  try {
    return run({words + 1, words + count});
  } catch (const std::exception& error) {
    say(std::string("! ") + error.what());
    return 5;
  }
}
