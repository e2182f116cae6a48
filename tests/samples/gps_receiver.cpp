#include "samples/gps_receiver.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include "support/event_wait.hpp"
#include "support/ports.hpp"

namespace holdfast::test {
namespace {

using namespace std::chrono_literals;

constexpr auto kBound = 30s;
constexpr const char* kGpsd = "/usr/sbin/gpsd";

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

bool accepts(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool made =
      ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  ::close(fd);
  return made;
}

}  // namespace

std::vector<Epoch> read_nmea(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::vector<Epoch> epochs;
  std::string first;
  std::string second;
  while (std::getline(in, first) && std::getline(in, second)) {
    if (!first.starts_with("$GPRMC,") || !second.starts_with("$GPGGA,")) {
      throw std::runtime_error(file.string() + ": no RMC and GGA: " + first + " " + second);
    }
    epochs.push_back({.sentences = first + "\r\n" + second + "\r\n",
                      .time = first.substr(7, 9),
                      .has_place = first.find(",A,") != first.npos});
  }
  if (epochs.empty()) throw std::runtime_error(file.string() + " cannot be read, or is empty");
  return epochs;
}

bool has_gpsd() {
  return ::access(kGpsd, X_OK) == 0;
}

GpsReceiver::GpsReceiver() {
  line_ = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (line_ < 0 || ::grantpt(line_) != 0 || ::unlockpt(line_) != 0) fail("posix_openpt");
  name_ = ::ptsname(line_);
  far_end_ = ::open(name_.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (far_end_ < 0) fail(name_.c_str());
  termios raw{};
  if (::tcgetattr(far_end_, &raw) != 0) fail("tcgetattr");
  ::cfmakeraw(&raw);
  if (::tcsetattr(far_end_, TCSANOW, &raw) != 0) fail("tcsetattr");
  // Started by root, gpsd becomes the user gpsd, who may not open it otherwise.
  if (::chmod(name_.c_str(), 0666) != 0) fail("chmod");
  start();
}

GpsReceiver::~GpsReceiver() {
  stop();
  if (far_end_ >= 0) ::close(far_end_);
  if (line_ >= 0) ::close(line_);
}

void GpsReceiver::stop() {
  if (gpsd_) gpsd_->terminate();
  gpsd_.reset();
}

void GpsReceiver::start() {
  for (int tries = 0; tries < 20; ++tries) {
    const bool is_first = port_ == 0;
    if (is_first) port_ = unused_port();
    if (launch()) return;
    if (is_first) port_ = 0;  // somebody was faster
  }
  throw std::runtime_error("gpsd did not start: " + (gpsd_ ? gpsd_->output() : ""));
}

// -n: it reads the line also while nobody listens, so that a test knows where it stands.
bool GpsReceiver::launch() {
  gpsd_ = Process::spawn({kGpsd, "-N", "-n", "-S", std::to_string(port_), "-D", "1", name_});
  return eventually([this] { return accepts(port_) || !gpsd_->running(); }, kBound) &&
         gpsd_->running();
}

void GpsReceiver::say(std::string_view sentences) {
  while (!sentences.empty()) {
    const ssize_t put = ::write(line_, sentences.data(), sentences.size());
    if (put < 0) fail("write to the serial line");
    sentences.remove_prefix(static_cast<std::size_t>(put));
  }
}

}  // namespace holdfast::test
