#include "files.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "command.hpp"

namespace holdfast::cli {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ > STDERR_FILENO) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  /// Closes now, because a file system may tell of a full disk no sooner.
  bool close() { return ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

[[noreturn]] void fail(const std::string& name, const char* what, int error) {
  refuse(name + " cannot be " + what, std::strerror(error), "");
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(fd, text.data(), text.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// The rename itself lies in the directory.
void sync_directory_of(const std::string& name) {
  const auto slash = name.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : name.substr(0, slash + 1);
  const Descriptor file(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (file) ::fsync(file.get());
}

}  // namespace

std::vector<std::uint8_t> read_file(const std::string& name, std::size_t most) {
  const Descriptor file(name == "-" ? STDIN_FILENO : ::open(name.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) fail(name, "read", errno);
  std::vector<std::uint8_t> bytes;
  std::array<std::uint8_t, 16'384> buffer{};
  for (;;) {
    const auto count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(name, "read", errno);
    if (count == 0) return bytes;
    bytes.insert(bytes.end(), buffer.begin(), buffer.begin() + count);
    if (bytes.size() > most) {
      refuse(name + " is too long", "more than " + std::to_string(most) + " bytes",
             "check that it is the right file");
    }
  }
}

void write_file(const std::string& name, std::span<const std::uint8_t> bytes) {
  if (name == "-") {
    if (!print(text_of(bytes))) fail("stdout", "written", errno);
    return;
  }
  std::string temporary = name + ".XXXXXX";
  Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!file) fail(name, "written", errno);
  const bool written = write_all(file.get(), text_of(bytes)) &&
                       ::fchmod(file.get(), S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH) == 0 &&
                       ::fsync(file.get()) == 0 && file.close() &&
                       ::rename(temporary.c_str(), name.c_str()) == 0;
  if (!written) {
    const int error = errno;
    ::unlink(temporary.c_str());
    fail(name, "written", error);
  }
  sync_directory_of(name);
}

void write_new_file(const std::string& name, std::string_view text, Access access) {
  const mode_t mode =
      access == Access::owner_only ? S_IRUSR | S_IWUSR : S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH;
  Descriptor file(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!file && errno == EEXIST) {
    refuse(name + " is there already", "", "nothing is overwritten; name another --out");
  }
  if (!file) fail(name, "written", errno);
  if (!write_all(file.get(), text) || ::fsync(file.get()) != 0 || !file.close()) {
    const int error = errno;
    ::unlink(name.c_str());
    fail(name, "written", error);
  }
}

bool exists(const std::string& name) {
  struct stat facts {};
  return ::lstat(name.c_str(), &facts) == 0 || errno != ENOENT;
}

void make_directory(const std::string& name) {
  std::error_code error;
  std::filesystem::create_directories(name, error);
  if (error) refuse(name + " cannot be made", error.message(), "name another --out");
}

std::size_t terminal_width() {
  winsize size{};
  const bool told = ::isatty(STDOUT_FILENO) == 1 && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
  return told ? size.ws_col : 0;
}

bool print(std::string_view text) {
  return write_all(STDOUT_FILENO, text);
}

}  // namespace holdfast::cli
