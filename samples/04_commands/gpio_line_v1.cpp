// With libgpiod 1.6 (Debian 12).

#include <gpiod.h>

#include <cerrno>
#include <memory>
#include <system_error>

#include "line.hpp"

namespace commands {
namespace {

class GpioLine : public Line {
 public:
  GpioLine(const std::string& chip, unsigned offset)
      : name_(chip + " line " + std::to_string(offset)), chip_(::gpiod_chip_open(chip.c_str())) {
    if (!chip_) fail("cannot be opened; is the chip there, and may this user open it?");
    line_ = ::gpiod_chip_get_line(chip_.get(), offset);
    if (line_ == nullptr) fail("is not there; gpioinfo lists the lines of a chip");
    if (::gpiod_line_request_output(line_, kConsumer, 0) != 0) {
      fail("cannot be used as an output; gpioinfo tells who has it");
    }
  }

  void set(bool on) override {
    if (::gpiod_line_set_value(line_, on ? 1 : 0) != 0) fail("cannot be switched");
  }

  bool get() override {
    const int value = ::gpiod_line_get_value(line_);
    if (value < 0) fail("cannot be read");
    return value == 1;
  }

 private:
  struct Close {
    void operator()(gpiod_chip* chip) const { ::gpiod_chip_close(chip); }  // and its lines
  };

  [[noreturn]] void fail(const char* what) const {
    throw std::system_error(errno, std::generic_category(), name_ + " " + what);
  }

  std::string name_;
  std::unique_ptr<gpiod_chip, Close> chip_;
  gpiod_line* line_ = nullptr;  // the chip's
};

}  // namespace

std::unique_ptr<Line> open_gpio_line(const std::string& chip, unsigned offset) {
  return std::make_unique<GpioLine>(chip, offset);
}

std::string_view gpio_library() {
  return "libgpiod 1";
}

}  // namespace commands
