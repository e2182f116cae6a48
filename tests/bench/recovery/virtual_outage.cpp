#include "bench/recovery/virtual_outage.hpp"

#include <algorithm>
#include <optional>
#include <random>
#include <variant>

#include "base/failure.hpp"
#include "session/session.hpp"

namespace holdfast::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto kFirstRetransmission = 200ms;
constexpr std::chrono::seconds kSynAgain[] = {0s, 1s, 3s, 7s};

double seconds(Duration time) {
  return std::chrono::duration<double>(time).count();
}

class VirtualOutage {
 public:
  VirtualOutage(std::chrono::milliseconds lasts, const Backoff& backoff, std::mt19937_64& random)
      : back_(began_ + lasts), session_({.backoff = backoff}, [&random] {
          return std::uniform_real_distribution<double>(0, 1)(random);
        }) {}

  double run() {
    session_.start(began_ - 1h);
    session_.dialled(began_ - 1h);
    session_.logged_in(began_ - 1h, {});
    session_.load(began_, {.waiting = true});
    (void)session_.take_actions();
    const Instant dead = began_ + timeouts_.response;
    if (back_ <= dead) return seconds(retransmitted() - back_);
    end(dead);
    while (true) {
      const Instant at = *session_.tick(now_);
      now_ = at;
      (void)session_.tick(now_);
      for (const session::Action& action : session_.take_actions()) {
        if (!std::holds_alternative<session::Dial>(action)) continue;
        if (const auto connected = dial()) return seconds(*connected - back_);
        end(now_ + timeouts_.connect);
      }
    }
  }

 private:
  Instant retransmitted() const {
    Duration wait = kFirstRetransmission;
    Instant at = began_ + wait;
    while (at < back_) at += (wait *= 2);
    return at;
  }

  std::optional<Instant> dial() const {
    for (const auto again : kSynAgain) {
      if (now_ + again >= back_) return now_ + again;
    }
    return std::nullopt;
  }

  void end(Instant at) {
    now_ = at;
    session_.ended(now_, Failure(Errc::timed_out, "no answer"));
    (void)session_.take_actions();
  }

  const Instant began_ = Instant(1'000h);
  const Instant back_;
  const Timeouts timeouts_{};
  session::Session session_;
  Instant now_ = began_;
};

}  // namespace

std::vector<double> outages(std::chrono::milliseconds lasts, const Backoff& backoff,
                            std::size_t count) {
  std::mt19937_64 random(1);
  std::vector<double> times;
  for (std::size_t i = 0; i < count; ++i) {
    // Not always the same one, or it would hit the same point between two retransmissions.
    const auto length = lasts * (90 + i * 20 / count) / 100;
    times.push_back(VirtualOutage(length, backoff, random).run());
  }
  std::sort(times.begin(), times.end());
  return times;
}

}  // namespace holdfast::bench
