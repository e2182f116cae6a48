#include "device/ticket_keeper.hpp"

#include <chrono>
#include <utility>

#include "device/boot_time.hpp"

namespace holdfast::device {
namespace {

constexpr unsigned kTicketFormat = 1;

}  // namespace

resumption::Moment moment_of_boot() {
  const auto uptime = std::chrono::floor<std::chrono::seconds>(time_since_boot());
  return {.boot = this_boot(), .uptime = static_cast<std::uint64_t>(uptime.count()), .wall = 0};
}

TicketKeeper::TicketKeeper(const Settings& settings, Shared& shared, Clock clock)
    : shared_(shared), clock_(std::move(clock)), store_(settings.options.resumption) {
  if (settings.options.state_dir.empty()) return;
  slots_.emplace(settings.options.state_dir, "ticket", kTicketFormat);
  auto content = slots_->load(remark_);
  if (!content) return;
  const Secret bytes{std::span<const std::uint8_t>(*content)};
  wipe(*content);
  const std::string why = store_.decode(bytes.bytes());
  if (!why.empty()) {
    remark_ += (remark_.empty() ? "" : ". ") +
               std::string("the stored TLS sessions are not used: ") + why +
               "; the next handshake is a full one";
  }
  // Secrets that nobody wants are not left lying about.
  if (settings.options.resumption.mode == ResumptionMode::never && !store_.peers().empty()) {
    store_ = resumption::TicketStore(settings.options.resumption);
    if (const Failure failure = slots_->store(store_.encode().bytes())) remark_ += failure.detail;
  }
}

void TicketKeeper::begin() {
  if (!remark_.empty()) shared_.emit(EventKind::warning, {}, std::exchange(remark_, {}));
}

Failure TicketKeeper::keep() {
  if (!store_.take_changed() || !slots_) return {};
  Failure failure = slots_->store(store_.encode().bytes());
  if (failure && !std::exchange(warned_, true)) {
    shared_.emit(EventKind::warning, failure.error,
                 "TLS sessions cannot be kept, and so are not resumed: " + failure.detail);
  }
  return failure;
}

std::optional<resumption::Ticket> TicketKeeper::offer(const resumption::Binding& binding,
                                                      const pinning::TrustedKeys& keys) {
  auto ticket = store_.offer(binding, keys, clock_());
  // What cannot be written off could be used again and again, and its age with it.
  if (keep()) return std::nullopt;
  return ticket;
}

void TicketKeeper::unanswered(const resumption::Binding& binding, resumption::Ticket ticket) {
  store_.unanswered(binding, std::move(ticket));
  keep();
}

void TicketKeeper::proven(const resumption::Binding& binding,
                          const std::vector<pinning::Pin>& pins) {
  store_.proven(binding, pins, clock_());
}

void TicketKeeper::cost(const resumption::Binding& binding, resumption::Way way,
                        std::uint32_t bytes) {
  store_.cost(binding, way, bytes);
}

void TicketKeeper::received(const resumption::Binding& binding, resumption::NewTicket ticket) {
  store_.received(binding, std::move(ticket), clock_());
  keep();
}

}  // namespace holdfast::device
