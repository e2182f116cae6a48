// In place of proto.cpp where Protobuf is not installed.

#include "bench/payload/contender.hpp"

namespace holdfast::bench {

std::vector<Contender> protobuf() {
  return {};
}

}  // namespace holdfast::bench
