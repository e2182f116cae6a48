#include "gps_source.hpp"

#include <gps.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <utility>

namespace vehicle {
namespace {

using namespace std::chrono_literals;
using sample::Level;

// gpsd is on this machine: a second costs nothing, and half a minute is soon enough for somebody
// who has just installed it.
constexpr std::chrono::milliseconds kFirstWait = 1s;
constexpr std::chrono::milliseconds kLongestWait = 30s;
// A receiver speaks each second; slow ones every 10 s.
constexpr std::chrono::milliseconds kSilence = 15s;

std::optional<double> known(double value) {
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

Fix fix_of(const gps_data_t& data) {
  const gps_fix_t& told = data.fix;
  Fix fix;
  if ((data.set & TIME_SET) != 0 && told.time.tv_sec > 0) {
    const auto since_1970 =
        std::chrono::seconds(told.time.tv_sec) + std::chrono::nanoseconds(told.time.tv_nsec);
    fix.time = std::chrono::system_clock::time_point(
        std::chrono::duration_cast<std::chrono::system_clock::duration>(since_1970));
  }
  if (told.mode < MODE_2D || !known(told.latitude) || !known(told.longitude)) return fix;
  fix.place = {.lat = told.latitude, .lon = told.longitude};
  fix.speed = known(told.speed);
  fix.heading = known(told.track);
  fix.error_m = known(told.eph);
  return fix;
}

}  // namespace

void GpsSource::Close::operator()(gps_data_t* session) const {
  gps_stream(session, WATCH_DISABLE, nullptr);
  gps_close(session);
  delete session;
}

GpsSource::GpsSource(std::string host, std::string port, sample::EventLog& log)
    : host_(std::move(host)), port_(std::move(port)), log_(log), wait_(kFirstWait) {
  due_.after(0ms);
}

GpsSource::~GpsSource() = default;

int GpsSource::get() const {
  return session_ ? static_cast<int>(session_->gps_fd) : -1;
}

void GpsSource::tend(const std::function<void(const Fix&)>& sink) {
  if (due_.fired()) {
    if (session_) note_silence();
    if (!session_) dial();
  }
  if (session_ && !read(sink)) lose("has closed the connection");
}

void GpsSource::dial() {
  auto session = std::make_unique<gps_data_t>();
  // What failed is in errno, as a number of libgps's own.
  if (gps_open(host_.c_str(), port_.c_str(), session.get()) != 0) {
    return lose(std::string("cannot be reached (") + gps_errstr(errno) + ")");
  }
  session_.reset(session.release());
  if (gps_stream(session_.get(), WATCH_ENABLE | WATCH_JSON, nullptr) != 0) {
    return lose("does not take WATCH");
  }
  log_.write(Level::info, "gps: gpsd at " + host_ + ":" + port_ + " is there");
  wait_ = kFirstWait;
  told_longest_ = false;
  has_spoken_ = is_silent_ = false;
  due_.every(kSilence);
}

void GpsSource::lose(const std::string& why) {
  session_.reset();
  if (!std::exchange(told_longest_, wait_ == kLongestWait)) {  // the journal is no place for each
    log_.write(Level::warning, "gps: gpsd at " + host_ + ":" + port_ + " " + why +
                                   "; is gpsd.socket started? Trying again in " +
                                   std::to_string(wait_ / 1s) + " s, no position until then");
  }
  due_.after(wait_);
  wait_ = std::min(wait_ * 2, kLongestWait);
}

void GpsSource::note_silence() {
  if (!has_spoken_ && !is_silent_) {
    log_.write(Level::warning,
               "gps: gpsd is there, but no receiver has spoken for " +
                   std::to_string(kSilence / 1s) +
                   " s; is it plugged in, and named by DEVICES in /etc/default/gpsd?");
    is_silent_ = true;
  }
  has_spoken_ = false;
}

// libgps reads what is there without waiting, takes one report out of it, and keeps the rest.
// @return false: the connection has ended
bool GpsSource::read(const std::function<void(const Fix&)>& sink) {
  while (gps_waiting(session_.get(), 0)) {
    session_->set = 0;
    const int got = gps_read(session_.get(), nullptr, 0);
    if (got < 0) return false;
    if (got == 0) return true;
    if ((session_->set & MODE_SET) == 0) continue;  // a report that is no fix
    has_spoken_ = true;
    is_silent_ = false;
    sink(fix_of(*session_));
  }
  return true;
}

}  // namespace vehicle
