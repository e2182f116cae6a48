#include "session/retry.hpp"

#include <holdfast/error.hpp>

namespace holdfast::session {
namespace {

constexpr unsigned kShortLivedUntilSuspicion = 3;
constexpr int kDuplicateLeastCaps = 2;
constexpr int kDuplicateMostCaps = 4;
// A rival is back after four caps at the latest: who lasts longer than that has none.
constexpr int kNoRivalCaps = 5;

}  // namespace

Manner manner_of(const std::error_code& error) {
  if (error == Errc::session_taken_over) return Manner::duplicate;
  if (error == Errc::banned) return Manner::banned;
  if (error == Errc::quota_exceeded) return Manner::quota;
  if (error == Errc::server_busy || error == Errc::use_another_server) return Manner::busy;
  // Trying again soon costs handshakes and helps nobody. They are tried again all the same, because
  // a person mends the broker, and nobody stands beside the device.
  if (error == Errc::identity_refused || error == Errc::bad_credentials ||
      error == Errc::not_authorised || error == Errc::client_id_refused ||
      error == Errc::unsupported_version || error == Errc::server_moved ||
      error == Errc::proxy_refused) {
    return Manner::person;
  }
  return Manner::link;
}

bool Retry::suspects(const std::error_code& error, std::optional<Duration> lasted) {
  const Backoff& options = backoff_.options();
  if (!lasted) return false;
  if (*lasted >= kNoRivalCaps * options.cap) suspicion_ = false;
  const bool stable = *lasted >= options.stable_after;
  if (stable) short_lived_ = 0;
  if (error != Errc::connection_lost) return false;
  if (!stable && ++short_lived_ >= kShortLivedUntilSuspicion) suspicion_ = true;
  return suspicion_;
}

Retry::Pause Retry::after(const std::error_code& error, std::optional<Duration> lasted) {
  const Duration cap = backoff_.options().cap;
  if (lasted) ended_by_us(*lasted);
  Pause pause;
  pause.manner = manner_of(error);
  if (suspects(error, lasted)) {
    pause.manner = Manner::duplicate;
    pause.suspected = true;
  }
  switch (pause.manner) {
    case Manner::link:
      pause.time = backoff_.next();
      pause.network_may_help = true;
      break;
    case Manner::busy:
      pause.time = backoff_.next_above(cap / 32, cap / 8);
      break;
    case Manner::quota:
      pause.time = backoff_.next_above(cap / 4, cap);
      break;
    case Manner::person:
      pause.time = backoff_.next_above(cap / 10, cap);
      // A network with a captive portal answers for the broker, with another key.
      pause.network_may_help = error == Errc::identity_refused;
      break;
    case Manner::banned:
      pause.time = backoff_.between(6 * cap, 12 * cap);
      break;
    case Manner::duplicate:
      pause.time = backoff_.between(kDuplicateLeastCaps * cap, kDuplicateMostCaps * cap);
      break;
  }
  return pause;
}

void Retry::ended_by_us(Duration lasted) {
  if (lasted >= backoff_.options().stable_after) backoff_.reset();
}

}  // namespace holdfast::session
