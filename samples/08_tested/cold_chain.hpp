// ColdChain: the app of a refrigerated trailer. It sends what its sensor measures, raises an alarm
// where that is too warm, and takes the limit from the depot.
//
// It is handed its device, and the measurements. So its test needs neither a broker nor a sensor.

#pragma once

#include <holdfast/device.hpp>
#include <string>

namespace trailer {

class ColdChain {
 public:
  /// @param device of which nobody else uses the events; before its start
  ColdChain(holdfast::Device& device, std::string prefix);
  /// Stops the device, whose handlers use this object.
  ~ColdChain();
  ColdChain(const ColdChain&) = delete;
  ColdChain& operator=(const ColdChain&) = delete;

  /// What the sensor says.
  void measured(double celsius);

  /// For the lamp in the driver's cab: nobody can be told of an alarm now, and nobody knows why.
  bool needs_service() const { return needs_service_; }
  double limit() const { return limit_; }

 private:
  void heard(const holdfast::Event& event);

  holdfast::Device& device_;
  const std::string prefix_;
  double limit_ = -18;  // degrees Celsius; frozen food
  bool is_too_warm_ = false;
  bool needs_service_ = false;
};

}  // namespace trailer
