#pragma once

#include <map>
#include <tuple>

#include "support/link/capture.hpp"

namespace holdfast::test::link {

// Nat is what a carrier's address translation does to TCP: it carries a connection that
// was begun from the near side for as long as it is in use, and forgets it after a
// silence. From then on its packets vanish, both ways, and nobody is told. Pure.
class Nat {
 public:
  // After so much silence a connection is forgotten.
  explicit Nat(Duration patience) : patience_(patience) {}

  // Whether this segment gets through.
  bool passes(const Segment& segment, Instant now);

 private:
  using Connection = std::tuple<std::uint16_t, std::uint16_t>;  // near and far port

  Duration patience_;
  std::map<Connection, Instant> used_;
};

}  // namespace holdfast::test::link
