// The two halves of a state document: which desired version is taken, and when a report has to be
// sent. Pure; who owns it keeps `kept()` and carries things out.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "twin/kept_state.hpp"

namespace holdfast::twin {

class Twin {
 public:
  using Bytes = std::span<const std::byte>;

  /// @param kept what an earlier process left, if anything; it is in use from now on
  Twin(std::string topic, std::optional<KeptState> kept);

  // --- Desired

  enum class Verdict : std::uint8_t {
    taken,      ///< it is the newest
    unchanged,  ///< it is what we have
    refused,    ///< it is older, or another one of the same version
  };
  /// A body that was verified. @param why set where it is refused, for a person
  Verdict offer(std::uint64_t version, Bytes body, std::string& why);
  /// The broker may have one that we do not know: there is none, or the last process may have died
  /// between a document's acknowledgement and its writing.
  bool must_ask() const { return must_ask_; }

  // --- Reported

  /// @return whether it is new, and so to be kept and then sent
  bool report(Bytes body);
  /// There is one that the broker has not acknowledged.
  bool needs_sending() const { return kept_.reported_version > 0 && !kept_.acknowledged; }
  /// The payload that is to be sent.
  std::vector<std::byte> sealed() const;
  /// The broker has acknowledged this version. @return whether that is news
  bool acknowledged(std::uint64_t version);
  /// The broker has lost our session, and with it perhaps what it has retained: the last report is
  /// to be sent once more.
  void forgotten() { kept_.acknowledged = false; }
  /// A back end is behind what we have: a report tells it, under a new version, at most once in
  /// `limits::kStateAnswerInterval`. @return whether there is one to be kept and sent
  bool answer(Instant now);

  const KeptState& kept() const { return kept_; }
  /// The process ends in order.
  void leave() { kept_.in_use = false; }

 private:
  KeptState kept_;
  bool must_ask_ = true;
  std::optional<Instant> answered_;
};

/// Whether a broker that does not know our session may have lost its retained messages as well.
/// @param last who was logged in at before, in this process: the same broker, another, or nobody
/// @param away how long ago that was
enum class LastBroker : std::uint8_t { none, same, other };
bool may_have_forgotten(bool session_present, LastBroker last, Duration away,
                        std::chrono::seconds session_expiry);

}  // namespace holdfast::twin
