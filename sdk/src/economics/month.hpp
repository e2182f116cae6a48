// From what one message, one set-up and one ping take to what a month takes. Pure arithmetic: the
// benchmarks put in what they have measured, `holdfast plan` what is known.
//
//   messages  = readings / readings a message
//   bytes     = messages     * (one message, its acknowledgements)
//             + connections  * (name lookup + close in order)
//             + full ones    * (full set-up) + the others * (set-up)
//             + pings        * (one ping)

#pragma once

#include <chrono>

#include "economics/wire_cost.hpp"

namespace holdfast::economics {

struct Workload {
  std::chrono::milliseconds every{30'000};  ///< a reading; above 0
  double days = 30;
  /// Besides the first connection; links that go away for a moment and come back.
  double reconnects_per_day = 0;
};

/// What one way of sending takes.
struct Profile {
  double readings_per_message = 1;
  /// With its acknowledgements; of a way that connects for each message, all of that.
  Cost message{};
  Cost full_set_up{};  ///< TCP, TLS and the login, tickets included
  Cost set_up{};       ///< with what the last connection left behind; like the full one without
  /// A full set-up is due at least so often, however many resumed ones come between: a device
  /// does not trust a key longer without its proof. 0: not for that reason.
  std::chrono::hours full_set_up_every{0};
  Cost lookup{};   ///< of the broker's name, for each connection
  Cost closing{};  ///< of a connection
  Cost ping{};
  std::chrono::duration<double> ping_every{0};  ///< on this workload; 0: none is sent
};

struct Month {
  double readings = 0;
  double messages = 0;
  double connections = 0;
  double full_set_ups = 0;
  double pings = 0;

  Cost of_messages{};
  Cost of_set_ups{};
  Cost of_lookups{};
  Cost of_closings{};
  Cost of_pings{};

  Cost all() const { return of_messages + of_set_ups + of_lookups + of_closings + of_pings; }
  double bytes_per_reading() const { return readings > 0 ? all().bytes() / readings : 0; }
};

Month month_of(const Workload& workload, const Profile& profile);

}  // namespace holdfast::economics
