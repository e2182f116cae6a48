#include "lab_broker.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <random>
#include <string_view>
#include <utility>

#include "command.hpp"
#include "files.hpp"
#include "printable.hpp"

namespace holdfast::cli {
namespace {

constexpr std::chrono::seconds kStartBound{20};
constexpr std::chrono::seconds kEndBound{5};
constexpr int kPortAttempts = 20;
constexpr std::size_t kLogLines = 20;
constexpr std::size_t kLineBytes = 4096;

// Debian installs it where the PATH of a plain user does not look.
std::string find_mosquitto(const std::string& told) {
  if (!told.empty()) return told;
  for (const char* const file : {"/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"}) {
    if (::access(file, X_OK) == 0) return file;
  }
  return "mosquitto";
}

// Whether this port of the address is free now. @throws CommandError if no port of it can be bound
bool is_free(const std::string& address, std::uint16_t port) {
  sockaddr_in four{};
  sockaddr_in6 six{};
  const bool is_four = ::inet_pton(AF_INET, address.c_str(), &four.sin_addr) == 1;
  if (!is_four) ::inet_pton(AF_INET6, address.c_str(), &six.sin6_addr);
  four.sin_family = AF_INET;
  six.sin6_family = AF_INET6;
  four.sin_port = six.sin6_port = htons(port);
  const auto* place =
      is_four ? reinterpret_cast<const sockaddr*>(&four) : reinterpret_cast<const sockaddr*>(&six);
  const int socket = ::socket(place->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool free = socket >= 0 && ::bind(socket, place, is_four ? sizeof four : sizeof six) == 0;
  const int error = errno;
  if (socket >= 0) ::close(socket);
  if (free || error == EADDRINUSE) return free;
  refuse("--listen cannot be listened on", address + ": " + std::strerror(error),
         "name an address of this machine");
}

// Somebody else may take it before mosquitto does; that is seen, and another one is tried. It lies
// below the kernel's range for outgoing connections: in there a client that dials a broker which
// has ended may be given the very same number, and so connect to itself.
std::uint16_t free_port(const std::string& address) {
  std::random_device chance;
  std::uniform_int_distribution<std::uint16_t> ports(20'000, 31'999);
  for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
    const std::uint16_t port = ports(chance);
    if (is_free(address, port)) return port;
  }
  refuse("no free port was found", address, "name one with --port");
}

std::string config_text(const LabBrokerOptions& options) {
  std::string text =
      "log_dest stderr\nlog_type error\nlog_type warning\nlog_type notice\nlog_type information\n";
  if (options.tells_packets) text += "log_type debug\nlog_type subscribe\nlog_type unsubscribe\n";
  // As root it would change to a user who cannot read the key.
  if (::geteuid() == 0) text += "user root\n";
  if (options.users_file.empty()) {
    text += "allow_anonymous true\n";
  } else {
    text += "allow_anonymous false\npassword_file " + options.users_file + "\n";
  }
  // What samples/broker/mosquitto.conf explains.
  text += "set_tcp_nodelay true\nmax_queued_messages 10000\npersistence false\n";
  text += "listener " + std::to_string(options.port) + " " + options.address + "\n";
  text += "certfile " + options.certificate_file + "\nkeyfile " + options.key_file + "\n";
  text += "tls_version tlsv1.3\n";
  return text;
}

}  // namespace

LabBroker::LabBroker(LabBrokerOptions options, std::function<void()> news)
    : options_(std::move(options)), news_(std::move(news)) {
  const bool any_port = options_.port == 0;
  Began began = Began::no;
  for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
    if (any_port) options_.port = free_port(options_.address);
    began = try_to_start();
    if (began == Began::yes) return;
    end();
    if (!any_port || began != Began::port_taken) break;
  }
  if (began == Began::port_taken) {
    refuse("--port is taken by another program", std::to_string(options_.port),
           "leave it out for a free one");
  }
  const std::string said = last_words();
  refuse("mosquitto did not start", said.empty() ? "it said nothing" : said,
         "is it installed? apt-get install mosquitto; --mosquitto names another place");
}

LabBroker::~LabBroker() {
  end();
}

void LabBroker::end() {
  if (process_) process_->end(kEndBound);
  if (reader_.joinable()) reader_.join();
  process_.reset();
}

bool LabBroker::has_ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}

std::string LabBroker::last_words() const {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (const std::string& line : log_) text += (text.empty() ? "" : " | ") + line;
  return text;
}

LabBroker::Began LabBroker::try_to_start() {
  const std::string text = config_text(options_);
  write_file(options_.config_file,
             {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  {
    const std::lock_guard lock(mutex_);
    log_.clear();
    runs_ = ended_ = false;
  }
  process_ = std::make_unique<ChildProcess>(
      std::vector<std::string>{find_mosquitto(options_.program), "-c", options_.config_file},
      ChildOptions{.in_background = true});
  reader_ = std::thread([this, pipe = process_->output()] { read_log(pipe); });
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kStartBound, [this] { return runs_ || ended_; });
  if (runs_ && !ended_) return Began::yes;
  for (const std::string& line : log_) {
    if (line.find("Address already in use") != std::string::npos) return Began::port_taken;
  }
  return Began::no;
}

void LabBroker::read_log(int pipe) {
  std::string line;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t count = ::read(pipe, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    for (const char letter : std::string_view(buffer.data(), static_cast<std::size_t>(count))) {
      if (letter != '\n') {
        if (line.size() < kLineBytes) line += letter;
        continue;
      }
      // Clients choose names and topics: none of them steers this terminal.
      const std::string shown = printable(line);
      line.clear();
      if (options_.tells_packets) std::fprintf(stderr, "%s\n", shown.c_str());
      const std::lock_guard lock(mutex_);
      if (shown.ends_with(" running")) runs_ = true;
      log_.push_back(shown);
      if (log_.size() > kLogLines) log_.pop_front();
      changed_.notify_all();
    }
  }
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  news_();
}

}  // namespace holdfast::cli
