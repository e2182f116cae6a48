#include "common/service.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace sample {
namespace {

using namespace std::chrono_literals;

// More of a status than fits into a line of a terminal is for the journal.
constexpr std::size_t kMaxStatusBytes = 256;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::int64_t number_of(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

// A line end would begin another assignment.
std::string one_line(std::string_view text) {
  std::string line(text.substr(0, kMaxStatusBytes));
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < ' '; }, ' ');
  return line;
}

// That it waits for the next attempt is no status: it would take the place of the reason.
bool concerns_the_line(holdfast::EventKind kind) {
  using holdfast::EventKind;
  for (const EventKind one : {EventKind::connected, EventKind::connect_failed,
                              EventKind::disconnected, EventKind::resting, EventKind::key_refused,
                              EventKind::storage_failed, EventKind::storage_works}) {
    if (kind == one) return true;
  }
  return false;
}

}  // namespace

Service::Environment Service::environment() {
  Environment told{.socket = variable("NOTIFY_SOCKET")};
  const std::string pid = variable("WATCHDOG_PID");
  if (pid.empty() || number_of(pid) == ::getpid()) {
    told.watchdog =
        std::chrono::microseconds(std::max<std::int64_t>(0, number_of(variable("WATCHDOG_USEC"))));
  }
  return told;
}

Service::Service(const Environment& told, std::chrono::milliseconds patience) {
  const std::string& name = told.socket;
  if (name.size() < 2 || name.size() >= sizeof(address_.sun_path)) return;
  if (name.front() != '/' && name.front() != '@') return;  // systemd also knows vsock: for machines
  address_.sun_family = AF_UNIX;
  std::memcpy(address_.sun_path, name.data(), name.size());
  if (name.front() == '@') address_.sun_path[0] = '\0';
  address_bytes_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  socket_ = Descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  patience_.after(patience);
  // Twice as often as it has to be: one that is late is no reason to begin anew.
  const auto half = std::chrono::duration_cast<std::chrono::milliseconds>(told.watchdog / 2);
  if (told.watchdog > 0us) watchdog_.every(std::max(half, 1ms));
}

void Service::ready() {
  if (!is_ready_.exchange(true)) send("READY=1");
}

void Service::status(std::string_view line) {
  send("STATUS=" + one_line(line));
}

void Service::note(const holdfast::Event& event) {
  if (concerns_the_line(event.kind)) status(holdfast::to_line(event));
  if (event.kind == holdfast::EventKind::connected) ready();
}

void Service::stopping(std::string_view line) {
  send("STOPPING=1\nSTATUS=" + one_line(line));
}

void Service::tend(bool progress) {
  if (patience_.fired()) ready();
  if (!watchdog_.fired()) return;
  if (progress) send("WATCHDOG=1");
  if (!progress && has_progress_) status("something hangs; the watchdog is no longer fed");
  has_progress_ = progress;
}

// A manager that does not read must not hold up the work: what does not fit is lost, and only the
// watchdog is said again.
void Service::send(std::string_view text) const {
  if (!socket_) return;
  static_cast<void>(::sendto(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                             reinterpret_cast<const sockaddr*>(&address_), address_bytes_));
}

}  // namespace sample
