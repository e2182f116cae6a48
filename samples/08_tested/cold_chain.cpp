#include "cold_chain.hpp"

#include <charconv>
#include <chrono>
#include <utility>

namespace trailer {

using namespace std::chrono_literals;
using holdfast::EventKind;

ColdChain::ColdChain(holdfast::Device& device, std::string prefix)
    : device_(device), prefix_(std::move(prefix)) {
  device_.on_event([this](const holdfast::Event& event) { heard(event); });
  device_.subscribe(prefix_ + "/limit", [this](const holdfast::Message& message) {
    const std::string_view text = holdfast::as_text(message.payload);
    double limit = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
    if (error == std::errc() && end == text.data() + text.size()) limit_ = limit;
  });
}

ColdChain::~ColdChain() {
  device_.stop();
}

// A measurement may wait for others, and is history after a day. An alarm may not wait, and has to
// arrive however long that takes.
void ColdChain::measured(double celsius) {
  const std::string text = std::to_string(celsius);
  device_.publish(prefix_ + "/celsius", holdfast::as_payload(text),
                  {.max_delay = 5min, .ttl = 24h});
  const bool was_too_warm = std::exchange(is_too_warm_, celsius > limit_);
  if (is_too_warm_ == was_too_warm) return;
  device_.publish(prefix_ + "/alarm", holdfast::as_payload(is_too_warm_ ? "too warm" : "over"),
                  {.priority = holdfast::Priority::urgent});
}

void ColdChain::heard(const holdfast::Event& event) {
  if (event.error == holdfast::Condition::identity_refused) needs_service_ = true;
  if (event.kind == EventKind::connected) needs_service_ = false;
}

}  // namespace trailer
