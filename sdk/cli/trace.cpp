// `holdfast trace`: the MQTT of a running device as a capture file.

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>

#include "base/descriptor.hpp"
#include "capture_output.hpp"
#include "command.hpp"
#include "observe/socket_path.hpp"
#include "printable.hpp"
#include "wake.hpp"

namespace holdfast::cli {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// What the device needs to begin and to end: it answers between other work.
constexpr auto kAnswerTime = 5s;

struct TraceOptions {
  std::string state_dir;
  std::string out = "-";
  std::uint32_t seconds = 0;
  std::uint16_t port = 1'883;
  bool no_payload = false;
  bool force = false;
};

class TraceRun {
 public:
  explicit TraceRun(const TraceOptions& options) : options_(options) {}

  int run() {
    CaptureOutput::check(options_.out, options_.force);
    device_ = connect();
    ask();
    std::string first = await_answer();
    CaptureOutput output(options_.out, options_.force);
    output_ = &output;
    if (options_.seconds > 0) deadline_ = Clock::now() + std::chrono::seconds(options_.seconds);
    bool reader_stays = output.take(first, [this] { return gives_up(); });
    while (reader_stays && !over_) reader_stays = copy();
    output.sync();
    return conclude(reader_stays);
  }

 private:
  Descriptor connect() const;
  void ask() const;
  std::string await_answer();
  bool copy();
  std::optional<std::string> read_some();
  void await_bytes() const;
  void ask_for_end();
  int conclude(bool reader_stays) const;

  /// While the reader of stdout is slow.
  bool gives_up() {
    return wake_.wait(Clock::now()).interrupted ||
           (deadline_ && Clock::now() >= *deadline_ + kAnswerTime);
  }

  const TraceOptions& options_;
  Wake wake_;
  Descriptor device_;
  CaptureOutput* output_ = nullptr;
  std::optional<Clock::time_point> deadline_;
  std::optional<Clock::time_point> ends_at_;  // the end was asked for
  bool over_ = false;
};

Descriptor TraceRun::connect() const {
  Descriptor device = observe::connect_to_status(options_.state_dir, kAnswerTime);
  if (device.get() >= 0) return device;
  const int error = errno;
  if (error == ENOENT || error == ENOTDIR || error == ECONNREFUSED) {
    throw CommandError(kNotReachable, "no device runs on this directory", options_.state_dir,
                       "start it, name its state_dir, and see that its option status_socket is not "
                       "switched off");
  }
  if (error == EACCES || error == EPERM) {
    refuse("this user may not look at the device", options_.state_dir,
           "run this as the device's user, or as root");
  }
  throw CommandError(
      kNotReachable, "the device cannot be reached",
      options_.state_dir + ": " + std::error_code(error, std::generic_category()).message(),
      "try again");
}

void TraceRun::ask() const {
  const std::string request = "trace port " + std::to_string(options_.port) +
                              (options_.no_payload ? " no-payload\n" : "\n");
  if (::send(device_.get(), request.data(), request.size(), MSG_NOSIGNAL) ==
      static_cast<ssize_t>(request.size())) {
    return;
  }
  throw CommandError(kNotReachable, "the device has hung up", options_.state_dir,
                     "run this as the device's user, or as root, and try again");
}

// A capture begins with a line end (pcapng section 4.1), a complaint with a brace.
std::string TraceRun::await_answer() {
  std::string answer;
  const auto until = Clock::now() + kAnswerTime;
  do {
    if (Clock::now() >= until) {
      throw CommandError(kNotReachable, "the device does not answer", options_.state_dir,
                         "it may be busy; try again");
    }
    // Also after Ctrl-C, so that what the device has begun becomes a whole file.
    if (wake_.wait(until, device_.get()).interrupted) await_bytes();
    if (auto part = read_some()) answer += *part;
    if (over_ && answer.empty()) {
      throw CommandError(kNotReachable, "the device has hung up", options_.state_dir,
                         "run this as the device's user, or as root, and try again");
    }
  } while (answer.empty() || (answer[0] == '{' && answer.back() != '\n' && !over_));
  if (answer[0] != '{') return answer;
  const auto document = nlohmann::json::parse(answer, nullptr, false);
  const auto why = document.is_object() ? document.value("error", answer) : answer;
  refuse(why, "", "");
}

// @return empty: there is nothing now
std::optional<std::string> TraceRun::read_some() {
  std::array<char, 65'536> buffer;  // NOLINT: filled by recv
  const ssize_t count = ::recv(device_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count > 0) return std::string(buffer.data(), static_cast<std::size_t>(count));
  over_ = over_ || count == 0 || (errno != EAGAIN && errno != EINTR);
  return std::nullopt;
}

void TraceRun::ask_for_end() {
  ends_at_ = Clock::now() + kAnswerTime;
  ::shutdown(device_.get(), SHUT_WR);
}

// `wake_` does not sleep any more after Ctrl-C.
void TraceRun::await_bytes() const {
  pollfd device{device_.get(), POLLIN, 0};
  ::poll(&device, 1, 100);
}

// One step. @return false: nobody reads our stdout any more
bool TraceRun::copy() {
  if (!ends_at_) {
    const int out = options_.out == "-" ? STDOUT_FILENO : -1;
    const auto woken = wake_.wait(deadline_, device_.get(), out);
    if (woken.reader_gone) return false;
    if (woken.interrupted || woken.timed_out) ask_for_end();
  } else {
    await_bytes();
    if (Clock::now() >= *ends_at_) over_ = true;
  }
  const auto part = read_some();
  return !part || output_->take(*part, [this] { return gives_up(); });
}

int TraceRun::conclude(bool reader_stays) const {
  const CaptureSums& sums = output_->sums();
  std::string text =
      counted(sums.packets, "packet") + " of " + counted(sums.connections, "connection");
  if (sums.whole) text += ", " + std::to_string(sums.dropped) + " dropped";
  if (options_.out != "-") text += ", in " + options_.out;
  note("trace", text);
  if (sums.dropped > 0) {
    note("trace",
         "packets were dropped because they were not read in time; write into a file with "
         "--out, or use --no-payload");
  }
  if (ends_at_ || !reader_stays) return kDone;
  throw CommandError(kNotReachable, "the device has ended the trace before its time",
                     options_.state_dir,
                     "it was stopped, or nobody read for long; what there is can be read");
}

}  // namespace

void add_trace(CLI::App& app, Action& action) {
  auto* command =
      app.add_subcommand("trace", "write the MQTT of a running device as a capture for Wireshark");
  const auto options = std::make_shared<TraceOptions>();
  command
      ->add_option("--state-dir", options->state_dir,
                   "the directory in which the device keeps what outlives the process")
      ->required()
      ->type_name("DIR");
  command->add_option("--out", options->out, "a new file (pcapng); -: stdout")
      ->type_name("FILE")
      ->capture_default_str();
  command->add_option("--seconds", options->seconds, "end after so many; 0: at Ctrl-C")
      ->type_name("N")
      ->check(why_negative)
      ->capture_default_str();
  command
      ->add_option("--port", options->port,
                   "what the broker's port is said to be; Wireshark takes 1883 for MQTT")
      ->type_name("N")
      ->check(CLI::Range(1, 65'535))
      ->capture_default_str();
  command->add_flag("--no-payload", options->no_payload, "overwrite payloads, too");
  command->add_flag("--force", options->force, "replace the file, if there is one");
  command->callback(
      [options, &action] { action = [options] { return TraceRun(*options).run(); }; });
}

}  // namespace holdfast::cli
