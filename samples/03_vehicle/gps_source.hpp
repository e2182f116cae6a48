// GpsSource: fixes from gpsd, through libgps. Where there is no gpsd, or it ends, it is dialled
// again until it is there; where its receiver is silent, that is said once.
//
// Threads: one, that of the loop. gpsd is on this machine as a rule: to dial one that is far away
// may hold up the loop.

#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "common/descriptor.hpp"
#include "common/event_log.hpp"
#include "fix.hpp"

struct gps_data_t;

namespace vehicle {

class GpsSource {
 public:
  /// @param log outlives it
  GpsSource(std::string host, std::string port, sample::EventLog& log);
  ~GpsSource();
  GpsSource(const GpsSource&) = delete;
  GpsSource& operator=(const GpsSource&) = delete;

  /// What the loop waits for: -1 while there is no gpsd, and a timer.
  int get() const;
  int timer() const { return due_.get(); }

  /// Takes what has come; dials gpsd when its time is there.
  void tend(const std::function<void(const Fix&)>& sink);

 private:
  struct Close {
    void operator()(gps_data_t* session) const;
  };

  void dial();
  void lose(const std::string& why);
  void note_silence();
  bool read(const std::function<void(const Fix&)>& sink);

  std::string host_;
  std::string port_;
  sample::EventLog& log_;
  std::unique_ptr<gps_data_t, Close> session_;
  sample::Timer due_;  // without a gpsd: to dial it; with one: to see whether it speaks
  std::chrono::milliseconds wait_;
  bool has_spoken_ = false;
  bool is_silent_ = false;
  bool told_longest_ = false;
};

}  // namespace vehicle
