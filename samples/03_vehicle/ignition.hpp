// Ignition: whether the vehicle is switched on, as a file tells it: one that another program
// writes, or the value of a GPIO line (/sys/class/gpio/…/value). "0" is off, everything else is on.
//
// Threads: one.

#pragma once

#include <filesystem>
#include <string>

#include "common/descriptor.hpp"

namespace vehicle {

/// Whether a text says off: "0", "0\n", " 0 ".
bool says_off(const std::string& text);

class Ignition {
 public:
  /// @param file empty: it is always on
  explicit Ignition(std::filesystem::path file);

  /// The loop waits for it. A file in sysfs tells nobody when it changes, so it is looked at.
  int timer() const { return look_.get(); }
  /// A file that cannot be read says nothing, and so on.
  bool is_off();

 private:
  std::filesystem::path file_;
  sample::Timer look_;
  bool is_off_ = false;
};

}  // namespace vehicle
