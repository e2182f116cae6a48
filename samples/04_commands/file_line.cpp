#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "common/descriptor.hpp"
#include "line.hpp"

namespace commands {
namespace {

class FileLine : public Line {
 public:
  explicit FileLine(std::string path) : path_(std::move(path)) {}

  // Opened anew each time: the file may have been replaced meanwhile.
  void set(bool on) override {
    const sample::Descriptor file(
        ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!file || ::write(file.get(), on ? "1\n" : "0\n", 2) != 2) fail("cannot be written");
  }

  bool get() override {
    const sample::Descriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 1> value{};
    if (!file || ::read(file.get(), value.data(), 1) != 1) fail("cannot be read");
    return value[0] != '0';
  }

 private:
  [[noreturn]] void fail(const char* what) const {
    throw std::system_error(errno, std::generic_category(), path_ + " " + what);
  }

  std::string path_;
};

}  // namespace

std::unique_ptr<Line> open_file_line(const std::string& path) {
  auto line = std::make_unique<FileLine>(path);
  line->set(false);
  return line;
}

}  // namespace commands
