#include "status_view.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <utility>
#include <vector>

#include <holdfast/status.hpp>

#include "printable.hpp"
#include "table.hpp"
#include "text.hpp"

namespace holdfast::cli {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kNameColumns = 13;

std::string line(std::string_view name, const std::string& text) {
  std::string padded(name);
  padded.resize(kNameColumns, ' ');
  return padded + text + "\n";
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
  std::array<char, 32> text{};
  const double share =
      whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  std::snprintf(text.data(), text.size(), "%.1f %%", share);
  return text.data();
}

bool flag_in(const Json& object, std::string_view name) {
  const auto found = object.find(std::string(name));
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

// "12 delivered, 3 dropped": those that are not 0.
std::string counts_in_words(const Json& counters,
                            std::initializer_list<std::pair<const char*, const char*>> wanted) {
  std::string text;
  for (const auto& [name, word] : wanted) {
    const std::uint64_t count = number_in(counters, name);
    if (count == 0) continue;
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + word;
  }
  return text;
}

std::string trust_in_words(const Json& status) {
  const std::uint64_t version = number_in(status, "pin_set_version");
  if (version == 0) return "the firmware's own";
  return "version " + std::to_string(version) +
         (flag_in(status, "pin_set_proven") ? "" : ", which no connection has proved yet");
}

std::string outbox_in_words(const Json& status) {
  const std::uint64_t waiting = number_in(status, "waiting");
  if (waiting == 0) return "nothing waits";
  return counted(waiting, "message") + (waiting == 1 ? " waits, " : " wait, ") +
         std::to_string(number_in(status, "under_way")) + " of them under way";
}

std::string messages_in_words(const Json& counters) {
  return std::to_string(number_in(counters, "delivered")) + " delivered of " +
         std::to_string(number_in(counters, "accepted")) + " accepted";
}

std::string trouble_in_words(const Json& counters) {
  return counts_in_words(counters, {{"refused", "refused by the broker"},
                                    {"dropped", "dropped"},
                                    {"unhandled", "without a handler"},
                                    {"rejected_payloads", "payloads not valid"},
                                    {"inbound_dropped", "received and dropped"},
                                    {"commands_refused", "commands refused"},
                                    {"foreign_replies", "answers to no call"},
                                    {"pin_failures", "keys refused"},
                                    {"intruders", "intruders"},
                                    {"events_dropped", "events dropped"}});
}

std::string budget_in_words(const Json& budget) {
  const std::uint64_t allowance = number_in(budget, "allowance_bytes");
  const std::uint64_t used = number_in(budget, "used_bytes");
  std::string text = format_bytes(used) + " of " + format_bytes(allowance) + " used (" +
                     percent(used, allowance) + ")";
  if (const auto projected = number_in(budget, "projected_bytes"); projected > 0) {
    text += ", " + format_bytes(projected) + " by the month's end";
  }
  if (const auto renews = number_in(budget, "renews"); renews > 0) {
    text += ", renewed " + format_moment(renews);
  }
  const std::string admission = text_in(budget, "admission");
  if (!admission.empty() && admission != "everything") text += "; it lets through: " + admission;
  return text;
}

std::string connections_in_words(const Json& ledger, std::uint64_t connections) {
  return counted(connections, "connection") + ", " +
         std::to_string(number_in(ledger, "full_handshakes")) + " full and " +
         std::to_string(number_in(ledger, "resumed_handshakes")) + " resumed handshakes";
}

struct CauseSum {
  std::string cause;
  std::uint64_t up = 0;
  std::uint64_t down = 0;
  std::uint64_t sum() const { return up + down; }
};

std::string causes_in_table(const std::vector<CauseSum>& causes) {
  std::uint64_t all = 0;
  for (const CauseSum& one : causes) all += one.sum();
  if (all == 0) return "";
  Table table({{"cause"},
               {"up", Table::Align::right},
               {"down", Table::Align::right},
               {"share", Table::Align::right},
               {"bytes"}});
  for (const CauseSum& one : causes) {
    table.add({printable(one.cause), std::to_string(one.up), std::to_string(one.down),
               percent(one.sum(), all), std::to_string(one.sum())});
  }
  return "\n" + table.take_lines();
}

std::vector<CauseSum> causes_in(const Json& account) {
  std::vector<CauseSum> causes;
  for (const auto& [cause, bytes] : object_in(account, "by_cause").items()) {
    causes.push_back({cause, number_in(bytes, "up"), number_in(bytes, "down")});
  }
  return causes;
}

std::string sum_in_words(std::uint64_t up, std::uint64_t down) {
  return format_bytes(up + down) + " (" + format_bytes(up) + " up, " + format_bytes(down) +
         " down)";
}

std::string time_in_words(const Json& event) {
  if (const std::uint64_t at = number_in(event, "time_ms"); at > 0)
    return format_moment(at / 1'000);
  const std::uint64_t seconds = number_in(event, "since_boot_ms") / 1'000;
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "boot + %llu:%02u:%02u",
                static_cast<unsigned long long>(seconds / 3'600),
                static_cast<unsigned>(seconds / 60 % 60), static_cast<unsigned>(seconds % 60));
  return text.data();
}

}  // namespace

std::string text_in(const Json& object, std::string_view name, std::string_view otherwise) {
  const auto found = object.find(std::string(name));
  if (found == object.end() || !found->is_string()) return std::string(otherwise);
  return found->get<std::string>();
}

std::uint64_t number_in(const Json& object, std::string_view name) {
  const auto found = object.find(std::string(name));
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

const Json& object_in(const Json& object, std::string_view name) {
  static const Json none = Json::object();
  const auto found = object.find(std::string(name));
  return found != object.end() && found->is_object() ? *found : none;
}

std::string state_in_words(const Json& status) {
  std::string text = printable(text_in(status, "state", "unknown"));
  if (const auto address = text_in(status, "address"); !address.empty()) {
    text += " to " + printable(address);
  }
  return text + " for " + format_duration(milliseconds(number_in(status, "state_ms")));
}

std::string status_in_words(const Json& status) {
  const Json& counters = object_in(status, "counters");
  const Json& ledger = object_in(status, "ledger");
  const Json& process = object_in(ledger, "process");
  const Json& bytes = object_in(process, "ip_bytes");
  const std::uint64_t up = number_in(bytes, "up");
  const std::uint64_t down = number_in(bytes, "down");
  const std::uint64_t delivered = number_in(counters, "delivered");

  std::string text =
      line("device", printable(text_in(status, "client_id")) + ", process " +
                         std::to_string(number_in(status, "pid")) + " for " +
                         format_duration(milliseconds(number_in(status, "uptime_ms"))) + ", SDK " +
                         printable(text_in(status, "sdk_version")));
  text += line("state", state_in_words(status));
  text += line("broker", printable(text_in(status, "broker")));
  if (const auto pin = text_in(status, "vouching_pin"); !pin.empty()) {
    text += line("vouched by", printable(pin) + (flag_in(status, "tls_resumed")
                                                     ? ", in an earlier handshake (TLS resumed)"
                                                     : ""));
  }
  text += line("pins", trust_in_words(status));
  text += line("outbox", outbox_in_words(status));
  text += line("messages", messages_in_words(counters));
  if (const auto more = counts_in_words(counters, {{"received", "messages received"},
                                                   {"commands_run", "commands run"},
                                                   {"commands_repeated", "second copies answered"},
                                                   {"stored", "messages stored on the disk"},
                                                   {"replaced", "replaced by newer ones"}});
      !more.empty()) {
    text += line("besides", more);
  }
  if (const auto trouble = trouble_in_words(counters); !trouble.empty()) {
    text += line("trouble", trouble);
  }
  text += line("line", connections_in_words(ledger, number_in(process, "connections")));
  text += line("bytes", sum_in_words(up, down) +
                            (delivered == 0 ? ""
                                            : ", " + format_bytes((up + down) / delivered) +
                                                  " a message delivered"));
  if (status.contains("budget") && status.at("budget").is_object()) {
    text += line("budget", budget_in_words(status.at("budget")));
  }
  return text + causes_in_table(causes_in(process));
}

std::string ledger_in_words(const ledger::BookState& book) {
  const Account& all = book.installation;
  const ByteCount sum = all.ip_bytes();
  std::vector<CauseSum> causes;
  for (std::size_t cause = 0; cause < kCauses; ++cause) {
    causes.push_back({std::string(to_string(static_cast<Cause>(cause))), all.by_cause[cause].up,
                      all.by_cause[cause].down});
  }
  return line("line", counted(all.connections, "connection") + " since the directory is in use") +
         line("bytes", sum_in_words(sum.up, sum.down)) + causes_in_table(causes);
}

std::string event_in_words(const Json& event) {
  const std::string kind = printable(text_in(event, "kind"));
  std::string detail = text_in(event, "detail");
  if (detail.empty()) detail = text_in(event, "error");
  std::string text = printable(detail);
  if (text.empty()) return kind;
  if (!text.starts_with(kind)) text.insert(0, kind + ": ");
  return flag_in(event, "cut") ? text + " ..." : text;
}

std::string events_in_words(const Json& events, std::size_t width) {
  Table table({{"time"}, {"severity"}, {"times", Table::Align::right}, {"event"}}, width);
  for (const Json& event : events) {
    const std::uint64_t count = number_in(event, "count");
    table.add({time_in_words(event), printable(text_in(event, "severity")),
               count > 1 ? std::to_string(count) : "", event_in_words(event)});
  }
  const std::string lines = table.take_lines();
  return lines.empty() ? "" : "\n" + lines;
}

}  // namespace holdfast::cli
