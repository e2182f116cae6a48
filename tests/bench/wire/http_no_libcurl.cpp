// Built where libcurl4-openssl-dev is not installed.

#include "bench/harness.hpp"
#include "bench/wire/http_target.hpp"

namespace holdfast::bench::wire {

bool has_libcurl() {
  return false;
}

std::unique_ptr<Way> libcurl_way(const HttpTarget&, const HttpSettings&) {
  give_up("built without libcurl");
}

}  // namespace holdfast::bench::wire
