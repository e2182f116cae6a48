#include "doctor_tickets.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "device/ticket_keeper.hpp"
#include "doctor_step.hpp"

namespace holdfast::cli {
namespace {

// mosquitto 2.0.11 has no setting of its own for either: seen with each of these.
constexpr const char* kSendThem =
    "let the broker send session tickets of TLS 1.3. mosquitto does so by itself, unless "
    "openssl.cnf "
    "on its host says NumTickets = 0";
constexpr const char* kTakeThem =
    "several brokers behind one address need the same ticket keys (HAProxy: tls-ticket-keys). One "
    "alone takes its tickets, unless its TLS is told to forget them (HAProxy: no-tls-tickets); "
    "mosquitto forgets them when it is restarted, and only then";

std::string text_of(std::chrono::seconds time) {
  if (time % std::chrono::hours(1) == std::chrono::seconds(0)) {
    return std::to_string(time / std::chrono::hours(1)) + " h";
  }
  return std::to_string(time.count()) + " s";
}

std::string text_of(const SetUpCost& cost) {
  return std::to_string(cost.ip_bytes) + " bytes of IP (" +
         std::to_string(cost.tls_bytes + cost.ticket_bytes) + " of TLS)";
}

nlohmann::ordered_json facts_of(const SetUpCost& cost) {
  return {{"tls_bytes", cost.tls_bytes},
          {"ticket_bytes", cost.ticket_bytes},
          {"ip_bytes", cost.ip_bytes}};
}

}  // namespace

std::optional<resumption::Ticket> MemoryTickets::offer(const resumption::Binding& binding,
                                                       const pinning::TrustedKeys& keys) {
  return store_.offer(binding, keys, device::moment_of_boot());
}

void MemoryTickets::unanswered(const resumption::Binding& binding, resumption::Ticket ticket) {
  store_.unanswered(binding, std::move(ticket));
}

void MemoryTickets::proven(const resumption::Binding& binding,
                           const std::vector<pinning::Pin>& pins) {
  store_.proven(binding, pins, device::moment_of_boot());
}

void MemoryTickets::cost(const resumption::Binding& binding, resumption::Way way,
                         std::uint32_t bytes) {
  store_.cost(binding, way, bytes);
}

void MemoryTickets::received(const resumption::Binding& binding, resumption::NewTicket ticket) {
  lifetime_ = std::chrono::seconds(ticket.lifetime);
  store_.received(binding, std::move(ticket), device::moment_of_boot());
}

bool MemoryTickets::has_one() const {
  const auto& peers = store_.peers();
  return std::any_of(peers.begin(), peers.end(),
                     [](const auto& peer) { return !peer.ticket.session.empty(); });
}

SetUpCost set_up_cost(const channel::ChannelBill& bill) {
  return {bill.handshake_bytes, bill.ticket_bytes_down, bill.wire.ip_bytes()};
}

Step describe_tickets(std::uint64_t ticket_bytes, bool usable, std::chrono::seconds lifetime) {
  Step step{.name = "tickets"};
  step.facts["tls_bytes"] = ticket_bytes;
  step.facts["lifetime_s"] = nullptr;
  if (ticket_bytes == 0) {
    step.what = "none came after the handshake";
    return step;
  }
  step.what = std::to_string(ticket_bytes) + " TLS bytes of tickets came after the handshake";
  if (!usable) {
    step.what += ", and none that may be used again";
    return step;
  }
  step.facts["lifetime_s"] = lifetime.count();
  step.what += ", for later connections within " + text_of(lifetime);
  return step;
}

Step describe_no_ticket(const SetUpCost& full) {
  return {.name = "resumption",
          .finding = Finding::costs,
          .what = "the broker gives no ticket: a reconnection takes " + text_of(full) +
                  ", as much as the first connection",
          .mend = kSendThem,
          .facts = {{"offered", false},
                    {"resumed", false},
                    {"full", facts_of(full)},
                    {"reconnection", nullptr}}};
}

Step describe_second(const SetUpCost& full, const SetUpCost& second, bool resumed) {
  Step step{.name = "resumption",
            .facts = {{"offered", true},
                      {"resumed", resumed},
                      {"full", facts_of(full)},
                      {"reconnection", facts_of(second)}}};
  const std::string figures = text_of(second) + " instead of " + std::to_string(full.ip_bytes) +
                              " (" + std::to_string(full.tls_bytes + full.ticket_bytes) + ")";
  if (!resumed) {
    step.finding = Finding::costs;
    step.what =
        "the broker does not take the ticket that it gave: a reconnection that offers it takes " +
        figures + ". Devices notice, and come back without one";
    step.mend = kTakeThem;
    return step;
  }
  step.what = "the ticket was taken: a reconnection takes " + figures;
  if (second.ticket_bytes == 0) {
    step.finding = Finding::costs;
    step.what +=
        ". No new ticket came with it, and each is used once: every second connection is a "
        "full handshake";
    step.mend = kSendThem;
  } else if (second.ip_bytes >= full.ip_bytes) {
    step.what += ". Devices take what is cheaper, which is the full handshake here";
  }
  return step;
}

Step describe_lost_second(const SetUpCost& full, const Failure& why) {
  Step step = explain({.name = "resumption",
                       .facts = {{"offered", nullptr},
                                 {"resumed", false},
                                 {"full", facts_of(full)},
                                 {"reconnection", nullptr}}},
                      why, Where::handshake);
  step.finding = Finding::costs;
  step.what.insert(0, "a second connection, to offer a ticket, has failed: ");
  return step;
}

}  // namespace holdfast::cli
