// Line: one output that is on or off, whatever it is made of. Real ones hang on a GPIO chip; a file
// stands for one where there is no chip: on a desk, in a test.
//
// Threads: one at a time.

#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace commands {

class Line {
 public:
  virtual ~Line() = default;

  /// @throws std::system_error that names the line
  virtual void set(bool on) = 0;
  /// How the line is, and not how it was told to be. @throws as `set`
  virtual bool get() = 0;
};

/// Opens a line and switches it off: what a reboot leaves is not known, and a line that nobody has
/// asked for is off.
///
///   file:/run/pump       a file with 0 or 1
///   gpiochip0:17         line 17 of /dev/gpiochip0
///   /dev/gpiochip0:17    the same
///
/// @throws std::runtime_error that names the value and the mend, and std::system_error
std::unique_ptr<Line> open_line(const std::string& spec);

/// A file with 0 or 1. It is made where it is missing.
std::unique_ptr<Line> open_file_line(const std::string& path);

/// A line of a GPIO chip, through libgpiod: 1.6 (gpio_line_v1.cpp) or 2 (gpio_line_v2.cpp),
/// whichever this program is built with.
/// @param chip its device, "/dev/gpiochip0"
std::unique_ptr<Line> open_gpio_line(const std::string& chip, unsigned offset);

/// Which libgpiod that is, "libgpiod 1" or "libgpiod 2".
std::string_view gpio_library();

/// What the kernel shows as the user of the line (gpioinfo).
inline constexpr const char* kConsumer = "holdfast-commands";

}  // namespace commands
