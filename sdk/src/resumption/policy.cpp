#include "resumption/policy.hpp"

#include <algorithm>

#include <holdfast/limits.hpp>

namespace holdfast::resumption {
namespace {

// Each new cost counts a quarter: one broken session does not change the way, four do.
constexpr std::uint32_t kSmoothing = 4;
// From a broker that has never taken a ticket: it sends some, and forgets them at once.
constexpr std::uint32_t kRefusalsOfAStranger = 3;

}  // namespace

Chain begin_chain(const Moment& now) {
  return {.full = now, .seen = now};
}

void look_at_clock(Chain& chain, const Moment& now) {
  chain.lived = age(chain, now);
  // The clock became known after the handshake, in the same boot: so it is known what it said then.
  if (chain.full.wall == 0 && chain.full.boot.known() && chain.full.boot == now.boot) {
    const std::uint64_t since = passed(chain.full, now);
    if (now.wall > since) chain.full.wall = now.wall - since;
  }
  chain.seen = now;
}

std::uint64_t age(const Chain& chain, const Moment& now) {
  // Two ways to know it, and each can only be too short: by the two ends, and step by step.
  const std::uint64_t step = passed(chain.seen, now);
  const std::uint64_t steps = chain.lived + std::min(step, UINT64_MAX - chain.lived);
  return std::max(steps, passed(chain.full, now));
}

bool is_measured(const Chain& chain, const Moment& now) {
  if (chain.full.wall == 0 || now.wall < chain.full.wall) return false;
  // A clock that was set back since has measured nothing.
  if (chain.seen.wall > now.wall) return false;
  return now.wall - chain.full.wall >= chain.lived;
}

bool may_resume(const Chain& chain, const Moment& now, const Resumption& options) {
  if (options.mode == ResumptionMode::never) return false;
  if (age(chain, now) > static_cast<std::uint64_t>(options.max_age.count())) return false;
  return is_measured(chain, now) || chain.resumptions < options.max_without_clock;
}

bool is_alive(const Peer& peer, const Moment& now) {
  if (peer.ticket.session.empty() || peer.offers >= limits::kTicketOffers) return false;
  const auto most = static_cast<std::uint64_t>(limits::kMaxTicketLifetime.count());
  return passed(peer.received, now) < std::min<std::uint64_t>(peer.lifetime, most);
}

bool pays(Costs& costs) {
  ++costs.since_look;
  // Unknown: every device begins with a full handshake, and then a ticket is worth a try.
  const bool known = costs.with_ticket != 0 && costs.without != 0;
  const bool cheaper =
      known ? costs.with_ticket <= costs.without : costs.refused_in_a_row < kRefusalsOfAStranger;
  if (cheaper || costs.since_look < limits::kCostLookAgain) return cheaper;
  costs.since_look = 0;
  return true;
}

void learn(Costs& costs, Way way, std::uint32_t bytes) {
  if (way == Way::resumed) costs.refused_in_a_row = 0;
  if (way == Way::refused) ++costs.refused_in_a_row;
  // The first ticket of all may have been refused because the broker was just restarted: what a
  // resumption costs is not known by that.
  if (way == Way::refused && costs.with_ticket == 0) return;
  std::uint32_t& cost = way == Way::full ? costs.without : costs.with_ticket;
  const std::uint64_t sum = std::uint64_t{cost} * (kSmoothing - 1) + bytes;
  cost = cost == 0 ? bytes : static_cast<std::uint32_t>(sum / kSmoothing);
}

}  // namespace holdfast::resumption
