#include "economics/month.hpp"

#include <algorithm>

namespace holdfast::economics {
namespace {

using namespace std::chrono_literals;
using Days = std::chrono::duration<double, std::ratio<86'400>>;

double times_within(Days days, Days each) {
  return each > Days(0) ? days / each : 0;
}

}  // namespace

Month month_of(const Workload& workload, const Profile& profile) {
  const Days days(workload.days);
  Month month;
  month.readings = times_within(days, workload.every);
  month.messages = month.readings / profile.readings_per_message;
  const bool connects = profile.full_set_up.packets() > 0;
  if (connects) {
    month.connections = 1 + workload.days * workload.reconnects_per_day;
    month.full_set_ups =
        std::min(month.connections, 1 + times_within(days, profile.full_set_up_every));
  }
  month.pings = times_within(days, profile.ping_every);

  month.of_messages = month.messages * profile.message;
  month.of_set_ups = month.full_set_ups * profile.full_set_up +
                     (month.connections - month.full_set_ups) * profile.set_up;
  month.of_lookups = month.connections * profile.lookup;
  month.of_closings = month.connections * profile.closing;
  month.of_pings = month.pings * profile.ping;
  return month;
}

}  // namespace holdfast::economics
