// Billing months: from one billing day to the next, at midnight UTC. Pure.

#pragma once

#include <cstdint>

namespace holdfast::budget {

struct BillingMonth {
  std::uint64_t begins = 0;  ///< seconds since 1970
  std::uint64_t ends = 0;    ///< when the next one begins
};

/// The month that `seconds` (since 1970) lies in.
/// @param billing_day 1 to 31; in a calendar month without that day it is the last one. The month
///        that begins there still ends on the billing day of the next
BillingMonth billing_month_of(std::uint64_t seconds, unsigned billing_day);

}  // namespace holdfast::budget
