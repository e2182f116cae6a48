#include "support/link/nat.hpp"

namespace holdfast::test::link {

bool Nat::passes(const Segment& segment, Instant now) {
  const Connection connection(segment.near_port, segment.far_port);
  const bool begins = segment.syn && !segment.ack && segment.direction == Direction::up;
  const auto known = used_.find(connection);
  const bool remembered = known != used_.end() && now - known->second <= patience_;
  if (!begins && !remembered) return false;
  used_[connection] = now;
  return true;
}

}  // namespace holdfast::test::link
