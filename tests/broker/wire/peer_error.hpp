// Why a conversation with the broker came to its end.

#pragma once

#include <stdexcept>
#include <string>

namespace holdfast::broker_test {

enum class Ending {
  unreachable,    ///< no connection, or no name
  tls_refused,    ///< an alert, or no agreement
  closed,         ///< FIN, or close_notify
  reset,          ///< RST
  disconnected,   ///< the broker's DISCONNECT
  login_refused,  ///< CONNACK with a reason
  time_up,        ///< nothing came in time
};

class PeerError : public std::runtime_error {
 public:
  PeerError(Ending how, const std::string& what, unsigned reason = 0)
      : std::runtime_error(what), how_(how), reason_(reason) {}

  Ending how() const { return how_; }
  /// The reason code of `disconnected` and `login_refused`.
  unsigned reason() const { return reason_; }
  /// The broker has ended it, in whatever way.
  bool ended_by_broker() const {
    return how_ == Ending::closed || how_ == Ending::reset || how_ == Ending::disconnected;
  }

 private:
  Ending how_;
  unsigned reason_;
};

}  // namespace holdfast::broker_test
