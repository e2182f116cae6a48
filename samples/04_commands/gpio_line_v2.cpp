// With libgpiod 2 (Debian 13).

#include <gpiod.h>

#include <cerrno>
#include <memory>
#include <new>
#include <system_error>

#include "line.hpp"

namespace commands {
namespace {

// One deleter for each of the library's objects.
template <auto kFree>
struct Free {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Chip = std::unique_ptr<gpiod_chip, Free<&gpiod_chip_close>>;
using Settings = std::unique_ptr<gpiod_line_settings, Free<&gpiod_line_settings_free>>;
using LineConfig = std::unique_ptr<gpiod_line_config, Free<&gpiod_line_config_free>>;
using RequestConfig = std::unique_ptr<gpiod_request_config, Free<&gpiod_request_config_free>>;
using Request = std::unique_ptr<gpiod_line_request, Free<&gpiod_line_request_release>>;

class GpioLine : public Line {
 public:
  GpioLine(const std::string& chip, unsigned offset)
      : name_(chip + " line " + std::to_string(offset)), offset_(offset) {
    const Chip opened(::gpiod_chip_open(chip.c_str()));
    if (!opened) fail("cannot be opened; is the chip there, and may this user open it?");
    request_ = request(*opened);
    if (!request_) fail("cannot be used as an output; gpioinfo lists the lines and who has them");
  }

  void set(bool on) override {
    const auto value = on ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE;
    if (::gpiod_line_request_set_value(request_.get(), offset_, value) != 0) {
      fail("cannot be switched");
    }
  }

  bool get() override {
    const gpiod_line_value value = ::gpiod_line_request_get_value(request_.get(), offset_);
    if (value == GPIOD_LINE_VALUE_ERROR) fail("cannot be read");
    return value == GPIOD_LINE_VALUE_ACTIVE;
  }

 private:
  Request request(gpiod_chip& chip) const {
    const Settings settings(::gpiod_line_settings_new());
    const LineConfig lines(::gpiod_line_config_new());
    const RequestConfig config(::gpiod_request_config_new());
    if (!settings || !lines || !config) throw std::bad_alloc();
    ::gpiod_request_config_set_consumer(config.get(), kConsumer);
    ::gpiod_line_settings_set_direction(settings.get(), GPIOD_LINE_DIRECTION_OUTPUT);
    ::gpiod_line_settings_set_output_value(settings.get(), GPIOD_LINE_VALUE_INACTIVE);
    if (::gpiod_line_config_add_line_settings(lines.get(), &offset_, 1, settings.get()) != 0) {
      return nullptr;
    }
    return Request(::gpiod_chip_request_lines(&chip, config.get(), lines.get()));
  }

  [[noreturn]] void fail(const char* what) const {
    throw std::system_error(errno, std::generic_category(), name_ + " " + what);
  }

  std::string name_;
  unsigned offset_;
  Request request_;
};

}  // namespace

std::unique_ptr<Line> open_gpio_line(const std::string& chip, unsigned offset) {
  return std::make_unique<GpioLine>(chip, offset);
}

std::string_view gpio_library() {
  return "libgpiod 2";
}

}  // namespace commands
