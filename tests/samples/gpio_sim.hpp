// GpioSim: a GPIO chip that the kernel plays (gpio-sim, Linux 5.17; configfs), with one line.

#pragma once

#include <filesystem>
#include <string>

namespace holdfast::test {

class GpioSim {
 public:
  /// Why there can be none here; empty: there can.
  static std::string unavailable();

  /// @throws std::runtime_error
  GpioSim();
  ~GpioSim();
  GpioSim(const GpioSim&) = delete;
  GpioSim& operator=(const GpioSim&) = delete;

  /// As --line takes it, "gpiochip3:0".
  std::string line() const { return chip_ + ":0"; }
  /// What somebody would measure at the pin.
  bool is_on() const;

 private:
  std::filesystem::path config_;
  std::filesystem::path value_;
  std::string chip_;
};

}  // namespace holdfast::test
