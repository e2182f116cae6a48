// How long a line may stay idle in this network before something on the way forgets it. Pure.
//
// Two things do: a NAT drops its mapping, and the line is dead without a word; a proxy closes a
// connection that carries no data, with FIN or RST. A TCP keep-alive probe holds the first and not
// the second, which needs an MQTT ping. So two intervals are learned:
//
//  - the probe's: it begins at `limits::kFirstProbeInterval`, grows by half after two idle periods
//    of that length that the line survived, and falls to three fifths of the period that it did not
//    survive. What killed a line is a ceiling until 24 more periods just below it went well, twice
//    as many each time that the try fails: it costs a set-up.
//  - the ping's: none, until two lines in a row were closed after nearly the same idle time (one
//    alone may have been a broker that was restarted). It is forgotten in the same way.
//
// Survival counts only when the broker itself answered: proxies and satellite accelerators answer
// probes on behalf of a broker that is gone.

#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include <holdfast/limits.hpp>

#include "base/clock.hpp"

namespace holdfast::session {

/// What is known of one network; all in whole seconds, so that it can be kept.
struct IdleRecord {
  std::chrono::seconds probe = limits::kFirstProbeInterval;
  std::chrono::seconds ceiling{0};    ///< a line died after this; 0: none has
  std::chrono::seconds closed_at{0};  ///< the last line that was closed while it was idle; 0: none
  std::chrono::seconds ping{0};       ///< ping that often; 0: no proxy is known
  unsigned survived = 0;              ///< periods in a row
  unsigned deaths = 0;                ///< in a row, without a growth that went well between them

  bool operator==(const IdleRecord&) const = default;

  /// Brings what was read from a file within the limits.
  void bound();

  /// The broker has answered after the line had carried nothing for so long.
  void line_survived(Duration idle);
  /// The broker, or what is on the way, did not answer after that time.
  void line_died(Duration idle);
  /// The connection was closed from the other side after it had carried no data for so long.
  void line_closed(Duration idle);

 private:
  void grow();
  unsigned forget_after() const;
};

/// What is known of the networks that the device has been in, the newest first. Bounded by
/// `limits::kLearnedNetworks`.
class IdleRecords {
 public:
  struct Row {
    std::uint64_t network = 0;  ///< any number that tells networks apart
    IdleRecord record;

    bool operator==(const Row&) const = default;
  };

  /// The record of this network, which is the newest now; a fresh one if it is not known. The
  /// reference holds until the next call.
  IdleRecord& of(std::uint64_t network);
  /// How often to ping for the sake of a proxy there; 0: none is known.
  std::chrono::seconds ping_of(std::uint64_t network) const;

  const std::vector<Row>& rows() const { return rows_; }
  /// Takes what was kept: rows beyond the limit, and networks that come twice, are left out.
  void restore(std::vector<Row> rows);

 private:
  std::vector<Row> rows_;
};

}  // namespace holdfast::session
