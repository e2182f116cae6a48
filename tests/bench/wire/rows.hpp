// The rows of the comparison: which way, what it carries, and what is known of it.

#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "bench/wire/way.hpp"

namespace holdfast::bench::wire {

struct Row {
  std::string key;      ///< for --rows, and for the data
  std::string name;     ///< for people
  std::string carries;  ///< what a reading is sent as
  MakeWay make;
  /// With a keep-alive of 5 s, the least that libmosquitto takes. Empty: the way has none.
  MakeWay make_impatient{};

  std::size_t readings_a_message = 1;
  std::size_t payload_bytes = 0;  ///< of one reading sent alone, for the limit
  std::size_t topic_bytes = 0;    ///< for the limit
  bool acknowledged = true;       ///< the sender learns that a reading has come
  bool keeps_session = true;      ///< false: each reading pays for set-up and close itself
  bool speaks_first = false;      ///< the set-up carries the first reading
  bool timestamps = true;         ///< TCP's; else the sysctl is off while it is measured
  bool is_tcp = true;
  bool on_lossy_lines = false;  ///< measured on lines that lose packets as well
  /// How long a ticket of its server lives; 0: there are none, or the client keeps none.
  std::chrono::hours ticket_life{0};
  /// The session of a device with tickets is made in full at least so often.
  std::chrono::hours full_set_up_every{0};
  /// How long the client uses an address before it asks for the name again; 0: it asks each time.
  std::chrono::hours address_life{0};
  std::string lacks{};  ///< the Debian package without which it is left out
};

/// In the order of the report.
std::vector<Row> all_rows();

// The rows that the expectations speak of.
inline constexpr const char* kHoldfastQos1 = "holdfast qos1";
inline constexpr const char* kHoldfastQos0 = "holdfast qos0";
inline constexpr const char* kHoldfast5Minutes = "holdfast series 5min";
inline constexpr const char* kHoldfast15Minutes = "holdfast series 15min";
inline constexpr const char* kHoldfastShortTopic = "holdfast qos1 short-topic";
inline constexpr const char* kHoldfastNoTimestamps = "holdfast qos1 no-timestamps";
inline constexpr const char* kHttpsRsa = "https new rsa 44";
inline constexpr const char* kMosquittoQos1 = "libmosquitto qos1 44";
inline constexpr const char* kMosquittoQos0 = "libmosquitto qos0 44";
inline constexpr const char* kCoapSilent = "coap non 44";

}  // namespace holdfast::bench::wire
