// Built where libcoap3-dev is not installed.

#include "bench/harness.hpp"
#include "bench/wire/ways.hpp"

namespace holdfast::bench::wire {

bool has_libcoap() {
  return false;
}

std::unique_ptr<Way> coap_way(const Stage&, const CoapSettings&) {
  give_up("built without libcoap");
}

}  // namespace holdfast::bench::wire
