#include "running_device.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <sstream>
#include <system_error>

#include "command.hpp"
#include "observe/documents.hpp"
#include "observe/event_file.hpp"
#include "observe/socket_path.hpp"
#include "state/slots.hpp"

namespace holdfast::cli {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

// The device ends a client that is slower than this.
constexpr auto kPatience = limits::kStatusTime + 1s;
// All events with texts of their full length, as JSON, and room for what later releases tell.
constexpr std::size_t kMaxAnswerBytes = std::size_t{4} * 1024 * 1024;

std::string reason(int error) {
  return std::error_code(error, std::generic_category()).message();
}

void expect_directory(const fs::path& directory) {
  std::error_code error;
  const fs::file_status found = fs::status(directory, error);
  if (found.type() == fs::file_type::not_found) {
    refuse("there is no such directory", directory.string(), "name the state_dir of a device");
  }
  if (!error && !fs::is_directory(found)) {
    refuse("this is no directory", directory.string(), "name the state_dir of a device");
  }
  if (error || ::access(directory.c_str(), R_OK | X_OK) != 0) {
    refuse("this user may not look into the directory",
           directory.string() + ": " + reason(error ? error.value() : errno),
           "run this as the device's user, or as root");
  }
}

bool is_ready(int socket, short events, steady_clock::time_point deadline) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - steady_clock::now());
  pollfd look{socket, events, 0};
  return ::poll(&look, 1, static_cast<int>(std::max(left, 0ms).count())) > 0;
}

bool say(int socket, const std::string& line) {
  return ::send(socket, line.data(), line.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(line.size());
}

// Up to the end that the device makes of it; empty: it was too slow, or has gone.
std::optional<std::string> hear(int socket, steady_clock::time_point deadline) {
  std::string text;
  std::string part(std::size_t{64} * 1024, '\0');
  while (text.size() <= kMaxAnswerBytes && is_ready(socket, POLLIN, deadline)) {
    const ssize_t bytes = ::recv(socket, part.data(), part.size(), 0);
    if (bytes == 0) return text;
    if (bytes < 0) return std::nullopt;
    text.append(part, 0, static_cast<std::size_t>(bytes));
  }
  return std::nullopt;
}

std::string why_nobody(int error) {
  if (error == ENOENT) return "there is no status socket in it";
  if (error == EAGAIN) return "a process has the status socket and lets nobody in";
  if (error == ECONNREFUSED) return "the process that made the status socket is gone";
  return "the status socket cannot be reached: " + reason(error);
}

}  // namespace

Reply ask_device(const fs::path& state_dir, const std::string& request) {
  expect_directory(state_dir);
  const auto deadline = steady_clock::now() + kPatience;
  const Descriptor socket = observe::connect_to_status(state_dir, kPatience);
  if (socket.get() < 0 && (errno == EACCES || errno == EPERM)) {
    refuse("this user may not ask the device", state_dir.string(),
           "run this as the device's user, or as root");
  }
  if (socket.get() < 0) return {std::nullopt, why_nobody(errno)};
  auto text = say(socket.get(), request + "\n") ? hear(socket.get(), deadline) : std::nullopt;
  if (!text) return {std::nullopt, "a process has the status socket and does not answer in time"};
  if (text->empty()) {
    return {std::nullopt, "the process that has the status socket hung up without an answer"};
  }
  return {std::move(text), {}};
}

Json parse_answer(const std::string& text) {
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) {
    refuse("what the device answers is no JSON object", text.substr(0, 40),
           "is it a device of Holdfast that has the status socket?");
  }
  if (json.contains("error") && json.at("error").is_string()) {
    refuse("the device does not answer this", json.at("error").get<std::string>(),
           "use the holdfast command of the release that the device runs");
  }
  return json;
}

// /proc/locks (proc(5)): "1: FLOCK  ADVISORY  WRITE 4242 fe:01:1234 0 EOF", the device in
// hexadecimal.
std::optional<pid_t> process_using(const fs::path& state_dir) {
  struct stat is {};
  if (::stat((state_dir / "lock").c_str(), &is) != 0) return std::nullopt;
  std::ostringstream wanted;
  wanted << std::hex;
  for (const unsigned part : {major(is.st_dev), minor(is.st_dev)}) {
    wanted.width(2);
    wanted.fill('0');
    wanted << part << ':';
  }
  wanted << std::dec << is.st_ino;
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    std::istringstream words(line);
    std::string number;
    std::string kind;
    std::string manner;
    std::string access;
    pid_t pid = 0;
    std::string file;
    words >> number >> kind >> manner >> access >> pid >> file;
    if (kind == "FLOCK" && file == wanted.str()) return pid;
  }
  return std::nullopt;
}

KeptByDevice read_kept(const fs::path& state_dir, std::size_t events) {
  expect_directory(state_dir);
  KeptByDevice kept;
  std::string remark;
  auto records = observe::EventFile::peek(state_dir, remark).records;
  if (!remark.empty()) kept.remarks.push_back(std::move(remark));
  if (records.size() > events) {
    records.erase(records.begin(), records.end() - static_cast<std::ptrdiff_t>(events));
  }
  kept.events = Json::parse(observe::events_document(records)).at("events");
  const auto content = state::Slots::peek(state_dir, ledger::kBookName, ledger::kBookFormat);
  if (!content) return kept;
  std::string why;
  kept.ledger = ledger::decode_book(*content, why);
  if (!kept.ledger) kept.remarks.push_back("the ledger cannot be read: " + why);
  return kept;
}

}  // namespace holdfast::cli
