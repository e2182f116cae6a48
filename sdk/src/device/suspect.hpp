// The message that may be why the broker ends connection after connection: the first one that it
// had not answered. Before it is set aside it is sent alone, so that none suffers for its
// neighbour.
//
// Threads: one at a time.

#pragma once

#include <holdfast/limits.hpp>
#include <holdfast/message.hpp>

namespace holdfast::device {

class Suspect {
 public:
  /// The broker ended a connection while this message was the first that it had not answered.
  /// @param alone no other was under way
  /// @return it has taken its last connection down
  bool blame(MessageId id, bool alone) {
    if (id != id_) {
      id_ = id;
      strikes_ = 0;
    }
    if (strikes_ + 1 < limits::kStrikes || alone) ++strikes_;
    return strikes_ >= limits::kStrikes;
  }

  /// The message has left.
  void acquit(MessageId id) {
    if (id == id_) id_ = 0;
  }

  bool goes_alone() const { return id_ != 0 && strikes_ + 1 >= limits::kStrikes; }

 private:
  MessageId id_ = 0;  // 0: nobody
  unsigned strikes_ = 0;
};

}  // namespace holdfast::device
