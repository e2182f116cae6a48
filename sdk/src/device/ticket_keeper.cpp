#include "device/ticket_keeper.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <ctime>
#include <utility>

#include "base/descriptor.hpp"

namespace holdfast::device {
namespace {

constexpr unsigned kTicketFormat = 1;

int digit_of(char character) {
  if (character >= '0' && character <= '9') return character - '0';
  if (character >= 'a' && character <= 'f') return character - 'a' + 10;
  return -1;
}

// The kernel makes a new one at each boot. Unknown where /proc is not mounted: then time across a
// restart of the process is measured by the wall clock or not at all.
resumption::BootId read_boot_id() {
  char text[40] = {};
  const Descriptor file(::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
  const ssize_t size = ::read(file.get(), text, sizeof text);
  resumption::BootId id;
  int digits = 0;
  for (ssize_t i = 0; i < size; ++i) {
    const int digit = digit_of(text[i]);
    if (digit < 0) continue;
    std::uint64_t& half = digits++ < 16 ? id.high : id.low;
    half = half << 4 | static_cast<unsigned>(digit);
  }
  return digits == 32 ? id : resumption::BootId();
}

}  // namespace

resumption::Moment moment_of_boot() {
  static const resumption::BootId boot = read_boot_id();
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return {.boot = boot, .uptime = static_cast<std::uint64_t>(time.tv_sec), .wall = 0};
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
