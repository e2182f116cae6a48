#include "observe/metrics.hpp"

#include <array>
#include <cstdio>
#include <initializer_list>
#include <string_view>
#include <utility>

#include <holdfast/version.hpp>

namespace holdfast::observe {
namespace {

class MetricsText {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  MetricsText& gauge(std::string_view name, std::string_view help) {
    return begin(name, "gauge", help);
  }
  MetricsText& counter(std::string_view name, std::string_view help) {
    return begin(name, "counter", help);
  }

  /// Of the family that was begun last.
  MetricsText& sample(std::uint64_t value, Labels labels = {}) {
    return put(std::to_string(value), labels);
  }
  MetricsText& seconds(std::chrono::milliseconds time) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%lld.%03lld",
                  static_cast<long long>(time.count() / 1'000),
                  static_cast<long long>(time.count() % 1'000));
    return put(text.data(), {});
  }

  std::string take() { return std::move(text_); }

 private:
  MetricsText& begin(std::string_view name, std::string_view type, std::string_view help) {
    name_ = "holdfast_" + std::string(name);
    text_ += "# HELP " + name_ + " " + std::string(help) + "\n";
    text_ += "# TYPE " + name_ + " " + std::string(type) + "\n";
    return *this;
  }

  MetricsText& put(std::string_view value, Labels labels) {
    text_ += name_;
    char before = '{';
    for (const auto& [label, what] : labels) {
      text_ += before;
      text_ += label;
      text_ += "=\"";
      append_escaped(what);
      text_ += '"';
      before = ',';
    }
    if (labels.size() > 0) text_ += '}';
    text_ += ' ';
    text_ += value;
    text_ += '\n';
    return *this;
  }

  void append_escaped(std::string_view text) {
    for (const char c : text) {
      if (c == '\n') {
        text_ += "\\n";
        continue;
      }
      if (c == '\\' || c == '"') text_ += '\\';
      text_ += c;
    }
  }

  std::string name_;
  std::string text_;
};

void put_session(MetricsText& text, const Snapshot& snapshot) {
  const Status& status = snapshot.status;
  text.gauge("info", "What this device is; always 1.")
      .sample(
          1,
          {{"client_id", snapshot.client_id}, {"broker", snapshot.broker}, {"version", version()}});
  text.gauge("uptime_seconds", "Time since the device was started.").seconds(snapshot.uptime);
  text.gauge("state", "1 for the state that the device is in, 0 for the others.");
  for (const State state : {State::idle, State::connecting, State::connected, State::waiting,
                            State::resting, State::stopping, State::stopped}) {
    text.sample(state == status.state ? 1 : 0, {{"state", to_string(state)}});
  }
  text.gauge("state_seconds", "Time since the device is in its state.").seconds(snapshot.in_state);
  text.gauge("tls_resumed", "1 while connected by a resumed TLS session.")
      .sample(status.tls_resumed ? 1 : 0);
  text.gauge("pin_set_version", "Newest signed pin set; 0: the firmware's own pins.")
      .sample(status.pin_set_version);
  text.gauge("pin_set_proven", "1 once a connection has rested on the newest pin set.")
      .sample(status.pin_set_proven ? 1 : 0);
  text.gauge("outbox_messages", "Messages that wait, those under way included.")
      .sample(status.waiting);
  text.gauge("outbox_under_way_messages", "Messages that were sent and are not acknowledged yet.")
      .sample(status.under_way);
}

void put_counters(MetricsText& text, const Counters& counters) {
  const auto messages = [&text](std::string_view name, std::string_view help, std::uint64_t value) {
    text.counter("messages_" + std::string(name) + "_total", help).sample(value);
  };
  messages("accepted", "Messages that the app handed over.", counters.accepted);
  messages("delivered", "Messages that the broker acknowledged (QoS 0: that TLS took).",
           counters.delivered);
  messages("refused", "Messages that the broker refused for good.", counters.refused);
  messages("dropped", "Messages that were given up.", counters.dropped);
  messages("replaced", "Messages that a newer one with their key replaced.", counters.replaced);
  messages("stored", "Messages that were written to the disk.", counters.stored);
  messages("received", "Messages that reached a handler's queue.", counters.received);
  messages("unhandled", "Received messages that no handler matches.", counters.unhandled);
  messages("inbound_dropped", "Received messages that were dropped because handlers are slow.",
           counters.inbound_dropped);
  text.counter("payloads_rejected_total", "Received payloads that failed their verification.")
      .sample(counters.rejected_payloads);
  text.counter("commands_total", "Commands that came in, by what became of them.")
      .sample(counters.commands_run, {{"result", "run"}})
      .sample(counters.commands_repeated, {{"result", "repeated"}})
      .sample(counters.commands_refused, {{"result", "refused"}});
  text.counter("replies_foreign_total", "Answers that belong to no call that waits.")
      .sample(counters.foreign_replies);
  text.counter("pin_failures_total", "TLS handshakes that were refused because of the key.")
      .sample(counters.pin_failures);
  text.counter("intruders_total", "Foreign processes that knocked at the private pipe.")
      .sample(counters.intruders);
  text.counter("events_dropped_total", "Events that the app's handler was too slow for.")
      .sample(counters.events_dropped);
}

void put_causes(MetricsText& text, const Account& account) {
  for (std::size_t number = 0; number < kCauses; ++number) {
    const std::string_view cause = to_string(static_cast<Cause>(number));
    text.sample(account.by_cause[number].up, {{"cause", cause}, {"direction", "up"}});
    text.sample(account.by_cause[number].down, {{"cause", cause}, {"direction", "down"}});
  }
}

void put_ledger(MetricsText& text, const Ledger& ledger) {
  text.counter("connections_total", "TCP connections that were established.")
      .sample(ledger.connections);
  text.counter("handshakes_total", "TLS handshakes that ended in a positive verdict.")
      .sample(ledger.full_handshakes, {{"kind", "full"}})
      .sample(ledger.resumed_handshakes, {{"kind", "resumed"}});
  text.counter("ip_bytes_total", "IP bytes as the carrier counts them, since the device was made.");
  put_causes(text, ledger.made);
  text.counter("ip_segments_total", "TCP segments since the device was made.")
      .sample(ledger.segments_up, {{"direction", "up"}})
      .sample(ledger.segments_down, {{"direction", "down"}});
  text.counter("tls_bytes_total", "Bytes of TLS records since the device was made.")
      .sample(ledger.tls_bytes_up, {{"direction", "up"}})
      .sample(ledger.tls_bytes_down, {{"direction", "down"}});
  text.counter("tls_records_written_total", "TLS records with application data that were written.")
      .sample(ledger.tls_records_up);
  text.counter("installation_ip_bytes_total",
               "IP bytes as the carrier counts them, since state_dir is in use.");
  put_causes(text, ledger.installation);
}

void put_budget(MetricsText& text, const BudgetStatus& budget) {
  text.gauge("budget_allowance_bytes", "What the device may spend in a billing month.")
      .sample(budget.allowance);
  text.gauge("budget_used_bytes", "What it has spent of it.").sample(budget.used);
  if (budget.projection) {
    text.gauge("budget_projected_bytes", "What the month will take if it goes on like this.")
        .sample(*budget.projection);
  }
  if (budget.renews) {
    text.gauge("budget_renewal_timestamp_seconds", "When the next month begins, since 1970.")
        .sample(*budget.renews);
  }
  text.gauge("budget_batching_factor", "By which delay budgets are stretched.")
      .sample(budget.batching_factor);
  text.gauge("budget_admission", "1 for what the budget lets through, 0 for the others.");
  for (const Admission admission : {Admission::everything, Admission::all_but_low,
                                    Admission::urgent_only, Admission::nothing}) {
    text.sample(admission == budget.admission ? 1 : 0, {{"admission", to_string(admission)}});
  }
}

void put_events(MetricsText& text, const Snapshot& snapshot) {
  text.counter("events_total", "Events since the device was made, by kind.");
  for (const auto& [kind, count] : snapshot.events) text.sample(count, {{"kind", kind}});
}

}  // namespace

std::string metrics_text(const Snapshot& snapshot) {
  MetricsText text;
  put_session(text, snapshot);
  put_counters(text, snapshot.status.counters);
  put_ledger(text, snapshot.status.ledger);
  if (snapshot.status.budget) put_budget(text, *snapshot.status.budget);
  put_events(text, snapshot);
  return text.take();
}

}  // namespace holdfast::observe
