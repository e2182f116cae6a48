#include "observe/documents.hpp"

#include <array>
#include <cstdio>

#include <holdfast/version.hpp>

#include "observe/json_writer.hpp"

namespace holdfast::observe {
namespace {

void put_bytes(JsonWriter& json, const ByteCount& bytes) {
  json.begin_object().member("up", bytes.up).member("down", bytes.down).end_object();
}

void put_account(JsonWriter& json, std::string_view name, const Account& account) {
  json.key(name).begin_object();
  json.member("connections", account.connections);
  json.member("segments_up", account.segments_up).member("segments_down", account.segments_down);
  json.key("ip_bytes");
  put_bytes(json, account.ip_bytes());
  json.key("by_cause").begin_object();
  for (std::size_t cause = 0; cause < kCauses; ++cause) {
    json.key(to_string(static_cast<Cause>(cause)));
    put_bytes(json, account.by_cause[cause]);
  }
  json.end_object().end_object();
}

void put_ledger(JsonWriter& json, const Ledger& ledger) {
  json.key("ledger").begin_object();
  json.member("full_handshakes", ledger.full_handshakes);
  json.member("resumed_handshakes", ledger.resumed_handshakes);
  json.member("tls_bytes_up", ledger.tls_bytes_up).member("tls_bytes_down", ledger.tls_bytes_down);
  json.member("tls_records_up", ledger.tls_records_up);
  put_account(json, "process", ledger.made);
  put_account(json, "connection", ledger.connection);
  put_account(json, "installation", ledger.installation);
  json.end_object();
}

void put_counters(JsonWriter& json, const Counters& counters) {
  json.key("counters").begin_object();
  json.member("accepted", counters.accepted).member("delivered", counters.delivered);
  json.member("refused", counters.refused).member("dropped", counters.dropped);
  json.member("replaced", counters.replaced).member("stored", counters.stored);
  json.member("received", counters.received).member("unhandled", counters.unhandled);
  json.member("rejected_payloads", counters.rejected_payloads);
  json.member("inbound_dropped", counters.inbound_dropped);
  json.member("events_dropped", counters.events_dropped);
  json.member("intruders", counters.intruders).member("pin_failures", counters.pin_failures);
  json.member("commands_run", counters.commands_run);
  json.member("commands_repeated", counters.commands_repeated);
  json.member("commands_refused", counters.commands_refused);
  json.member("foreign_replies", counters.foreign_replies);
  json.end_object();
}

void put_budget(JsonWriter& json, const std::optional<BudgetStatus>& budget) {
  json.key("budget");
  if (!budget) {
    json.null();
    return;
  }
  json.begin_object();
  json.member("allowance_bytes", budget->allowance).member("used_bytes", budget->used);
  json.member("projected_bytes", budget->projection).member("renews", budget->renews);
  json.member("batching_factor", budget->batching_factor);
  json.member("admission", to_string(budget->admission));
  json.end_object();
}

// Its 64 bits are more than many readers of JSON keep of a number.
std::string boot_as_text(std::uint64_t boot) {
  std::array<char, 20> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(boot));
  return text.data();
}

void put_event(JsonWriter& json, const EventRecord& record) {
  json.begin_object();
  json.member("number", record.event).member("count", record.count);
  json.member("time_ms", record.last.wall_ms()).member("first_time_ms", record.first_wall_ms());
  json.member("boot", boot_as_text(record.last.boot));
  json.member("since_boot_ms", record.last.since_boot_ms);
  json.member("first_since_boot_ms", record.first_ms);
  json.member("severity", to_string(record.severity)).member("kind", record.kind);
  json.member("code", record.code).member("error", record.error);
  json.member("detail", record.detail).member("cut", record.cut);
  json.end_object();
}

}  // namespace

std::string status_document(const Snapshot& snapshot) {
  const Status& status = snapshot.status;
  JsonWriter json;
  json.begin_object();
  json.member("version", kDocumentVersion).member("sdk_version", version());
  json.member("pid", snapshot.pid);
  json.member("client_id", snapshot.client_id).member("broker", snapshot.broker);
  json.member("clock_ms", snapshot.clock_ms).member("uptime_ms", snapshot.uptime.count());
  json.member("state", to_string(status.state)).member("state_ms", snapshot.in_state.count());
  json.member("address", status.address).member("vouching_pin", status.vouching_pin);
  json.member("tls_resumed", status.tls_resumed);
  json.member("pin_set_version", status.pin_set_version);
  json.member("pin_set_proven", status.pin_set_proven);
  json.member("waiting", status.waiting).member("under_way", status.under_way);
  put_counters(json, status.counters);
  put_ledger(json, status.ledger);
  put_budget(json, status.budget);
  json.key("events").begin_object();
  for (const auto& [kind, count] : snapshot.events) json.member(kind, count);
  json.end_object().end_object();
  return json.take();
}

std::string event_document(const EventRecord& record) {
  JsonWriter json;
  put_event(json, record);
  return json.take();
}

std::string events_document(std::span<const EventRecord> records) {
  JsonWriter json;
  json.begin_object().member("version", kDocumentVersion).key("events").begin_array();
  for (const EventRecord& record : records) put_event(json, record);
  json.end_array().end_object();
  return json.take();
}

std::string error_document(std::string_view what) {
  JsonWriter json;
  json.begin_object().member("version", kDocumentVersion).member("error", what).end_object();
  return json.take();
}

}  // namespace holdfast::observe
