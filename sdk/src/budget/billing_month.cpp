#include "budget/billing_month.hpp"

#include <algorithm>
#include <chrono>

namespace holdfast::budget {
namespace {

using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year_month;

// The last year that a calendar of the standard library has; no clock that is right gets there.
constexpr std::uint64_t kLastSecond = 253'402'300'799;  // 9999-12-31T23:59:59Z

sys_seconds billing_day_in(year_month month, unsigned billing_day) {
  const auto last = (month / std::chrono::last).day();
  return sys_days(month / std::min(std::chrono::day(billing_day), last));
}

std::uint64_t seconds_of(sys_seconds time) {
  const auto seconds = time.time_since_epoch().count();
  return seconds > 0 ? static_cast<std::uint64_t>(seconds) : 0;
}

}  // namespace

BillingMonth billing_month_of(std::uint64_t seconds, unsigned billing_day) {
  const sys_seconds time(
      std::chrono::seconds(static_cast<std::int64_t>(std::min(seconds, kLastSecond))));
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(time));
  year_month first = date.year() / date.month();
  if (time < billing_day_in(first, billing_day)) first -= std::chrono::months(1);
  return {seconds_of(billing_day_in(first, billing_day)),
          seconds_of(billing_day_in(first + std::chrono::months(1), billing_day))};
}

}  // namespace holdfast::budget
