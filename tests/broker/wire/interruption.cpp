#include "wire/interruption.hpp"

#include <csignal>

namespace holdfast::broker_test {
namespace {

// A signal handler can reach nothing but what is global.
volatile std::sig_atomic_t came = 0;
volatile std::sig_atomic_t told = 0;

void note(int signal_number) {
  if (came != 0) {
    std::signal(signal_number, SIG_DFL);
    std::raise(signal_number);
  }
  came = 1;
}

}  // namespace

void watch_for_interruption() {
  struct sigaction action {};
  action.sa_handler = note;  // without SA_RESTART: poll(2) returns
  sigemptyset(&action.sa_mask);
  for (const int signal_number : {SIGINT, SIGTERM}) ::sigaction(signal_number, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

bool interrupted() {
  return came != 0;
}

void stop_if_interrupted() {
  if (came == 0 || told != 0) return;
  told = 1;  // clearing away has to go on
  throw Interrupted();
}

}  // namespace holdfast::broker_test
