// GpsReceiver: a satellite receiver at a serial line, and the real gpsd that reads it. What it says
// is up to the test.

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support/process.hpp"

namespace holdfast::test {

/// What a receiver says of one moment: its sentences, and their time and place as they are in them.
struct Epoch {
  std::string sentences;  ///< with their line ends
  std::string time;       ///< "080020.00"
  bool has_place = false;
};

/// Reads a log of RMC and GGA, two sentences each moment. @throws std::runtime_error
std::vector<Epoch> read_nmea(const std::filesystem::path& file);

/// Not for use by several threads at the same time.
class GpsReceiver {
 public:
  /// Starts gpsd on an unused port of 127.0.0.1. @throws std::runtime_error with gpsd's words
  GpsReceiver();
  ~GpsReceiver();
  GpsReceiver(const GpsReceiver&) = delete;
  GpsReceiver& operator=(const GpsReceiver&) = delete;

  std::uint16_t port() const { return port_; }
  std::string log() const { return gpsd_->output(); }
  /// gpsd ends; later it may begin again, on the same port.
  void stop();
  void start();

  /// Writes to the serial line, as fast as gpsd reads it.
  void say(std::string_view sentences);

 private:
  bool launch();

  int line_ = -1;
  int far_end_ = -1;  // held open: a line that nobody has open is hung up
  std::string name_;
  std::uint16_t port_ = 0;
  std::unique_ptr<Process> gpsd_;
};

bool has_gpsd();

}  // namespace holdfast::test
