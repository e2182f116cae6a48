// Where a reading is posted to, and with what, for the two clients of HTTP.

#pragma once

#include <string>

#include "bench/wire/readings.hpp"
#include "bench/wire/ways.hpp"

namespace holdfast::bench::wire {

struct HttpTarget {
  std::string url;
  std::string trust;  // a file; empty for plain HTTP
  std::string content_type;
};

HttpTarget http_target(const Stage& stage, const HttpSettings& settings);

/// The ways that reuse something; with libcurl only.
std::unique_ptr<Way> libcurl_way(const HttpTarget& target, const HttpSettings& settings);

}  // namespace holdfast::bench::wire
