// holdfast fleet: how the devices of a fleet are, by their retained statuses.

#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/hex.hpp"
#include "command.hpp"
#include "connection.hpp"
#include "files.hpp"
#include "fleet_reader.hpp"
#include "fleet_view.hpp"
#include "json_output.hpp"
#include "printable.hpp"
#include "table.hpp"
#include "text.hpp"

namespace holdfast::cli {
namespace {

struct FleetOptions {
  FleetSource source;
  std::uint64_t limit = 20;
  bool json = false;
};

std::string name_of_set(std::uint64_t version) {
  return version == 0 ? "firmware" : std::to_string(version);
}

std::string moment_of(std::uint64_t seconds) {
  return seconds == 0 ? "unknown" : format_moment(seconds);
}

// --- For a person --------------------------------------------------------------------------------

void add_row(Table& table, const std::string& name, const FleetView::Count& count) {
  table.add({std::to_string(count.sum()), std::to_string(count.online),
             std::to_string(count.offline), name});
}

std::string in_tables(const FleetView& view, std::uint64_t now) {
  const auto counts_by = [](const char* title) {
    return Table({{"devices", Table::Align::right},
                  {"online", Table::Align::right},
                  {"offline", Table::Align::right},
                  {title}});
  };
  Table sets = counts_by("pin set");
  for (const auto& [version, count] : view.by_pin_set()) add_row(sets, name_of_set(version), count);
  Table silences = counts_by("last word");
  const auto counts = view.by_silence(now);
  for (std::size_t n = 0; n < counts.size(); ++n) {
    if (counts[n].sum() == 0) continue;
    add_row(silences, n < FleetView::kSilences.size() ? FleetView::kSilences[n].text : "no clock",
            counts[n]);
  }
  Table pins({{"devices", Table::Align::right}, {"vouching pin"}});
  for (const auto& [pin, count] : view.by_vouching_pin()) pins.add({std::to_string(count), pin});

  Table budgets({{"devices", Table::Align::right}, {"budget lets through"}});
  for (const auto& [admission, count] : view.by_admission()) {
    budgets.add({std::to_string(count), std::string(to_string(admission))});
  }

  const auto all = view.all();
  std::string text = counted(all.sum(), "device") + ": " + std::to_string(all.online) +
                     " online, " + std::to_string(all.offline) + " offline\n";
  for (Table* table : {&sets, &pins, &silences, &budgets}) {
    if (const auto lines = table->take_lines(); !lines.empty()) text += "\n" + lines;
  }
  return text;
}

std::string absent_devices(const FleetView& view, std::uint64_t limit) {
  Table table({{"offline, last known"}, {"pin set"}, {"device"}});
  std::uint64_t absent = 0;
  for (const auto& [topic, status] : view.devices()) {
    if (status.online || absent++ >= limit) continue;
    table.add({moment_of(status.written), name_of_set(status.pin_set_version), printable(topic)});
  }
  std::string text = table.take_lines();
  if (absent > limit) text += "and " + std::to_string(absent - limit) + " more; --json has all\n";
  return text.empty() ? text : "\n" + text;
}

std::string unreadable_topics(const FleetView& view, std::uint64_t limit) {
  Table table({{"no status on"}, {"because"}});
  std::uint64_t shown = 0;
  for (const auto& [topic, why] : view.unreadable()) {
    if (shown++ < limit) table.add({printable(topic), why});
  }
  std::string text = table.take_lines();
  if (shown > limit) text += "and " + std::to_string(shown - limit) + " more; --json has all\n";
  return text.empty() ? text : "\n" + text;
}

// --- For a program -------------------------------------------------------------------------------

Json as_json(const FleetView::Count& count) {
  return {{"devices", count.sum()}, {"online", count.online}, {"offline", count.offline}};
}

std::string hex_of(const presence::PinPrefix& prefix) {
  return to_hex({reinterpret_cast<const char*>(prefix.data()), prefix.size()});
}

Json head_as_json(const FleetView& view, std::uint64_t now) {
  Json head = as_json(view.all());
  head["unreadable_topics"] = view.unreadable().size();
  head["pin_sets"] = Json::array();
  for (const auto& [version, count] : view.by_pin_set()) {
    Json row = as_json(count);
    row["version"] = version;
    head["pin_sets"].push_back(std::move(row));
  }
  head["vouching"] = Json::array();
  for (const auto& [pin, count] : view.by_vouching_pin()) {
    head["vouching"].push_back({{"pin", pin}, {"devices", count}});
  }
  head["budgets"] = Json::array();
  for (const auto& [admission, count] : view.by_admission()) {
    head["budgets"].push_back({{"admission", to_string(admission)}, {"devices", count}});
  }
  head["last_word"] = Json::array();
  const auto counts = view.by_silence(now);
  for (std::size_t n = 0; n < counts.size(); ++n) {
    Json row = as_json(counts[n]);
    row["written"] = n < FleetView::kSilences.size() ? FleetView::kSilences[n].text : "no clock";
    head["last_word"].push_back(std::move(row));
  }
  return head;
}

Json as_json(const std::string& topic, const presence::StatusDocument& status) {
  Json json;
  put_bytes(json, "topic", topic);
  json["online"] = status.online;
  json["written"] = status.written;
  json["pin_set_version"] = status.pin_set_version;
  json["pins"] = Json::array();
  for (const auto& pin : status.pins) json["pins"].push_back(hex_of(pin));
  if (!status.online) return json;
  json["pin_set_proven"] = status.pin_set_proven;
  if (status.vouching) json["vouching"] = status.vouching->text();
  json["candidates"] = Json::array();
  for (const auto& [pin, matches] : status.candidates) {
    json["candidates"].push_back({{"pin", hex_of(pin)}, {"matches", matches}});
  }
  const std::uint32_t sdk = status.sdk_version;
  json["sdk_version"] = std::to_string(sdk >> 16) + "." + std::to_string(sdk >> 8 & 0xFF) + "." +
                        std::to_string(sdk & 0xFF);
  json["boot"] = status.boot;
  json["since"] = status.since;
  json["bytes_up"] = status.bytes_up;
  json["bytes_down"] = status.bytes_down;
  json["connections"] = status.connections;
  json["full_handshakes"] = status.full_handshakes;
  json["resumed_handshakes"] = status.resumed_handshakes;
  if (status.permille_by_cause) {
    Json& causes = json["permille_by_cause"];
    for (std::size_t cause = 0; cause < kCauses; ++cause) {
      causes[std::string(to_string(static_cast<Cause>(cause)))] =
          (*status.permille_by_cause)[cause];
    }
  }
  if (status.budget) {
    json["budget"] = {{"used", status.budget->used},
                      {"allowance", status.budget->allowance},
                      {"admission", to_string(status.budget->admission)}};
  }
  return json;
}

// @return false once the reader has gone
bool print_json(const FleetView& view, std::uint64_t now) {
  LongObject object;
  if (!object.begin(head_as_json(view, now)) || !object.begin_array("unreadable")) return false;
  for (const auto& [topic, why] : view.unreadable()) {
    Json json;
    put_bytes(json, "topic", topic);
    json["why"] = why;
    if (!object.add(json)) return false;
  }
  if (!object.end_array() || !object.begin_array("list")) return false;
  for (const auto& [topic, status] : view.devices()) {
    if (!object.add(as_json(topic, status))) return false;
  }
  return object.end_array() && object.end();
}

int run(const FleetOptions& options) {
  const FleetView view = read_fleet(options.source);
  const std::uint64_t now = now_in_seconds();
  if (options.json) {
    print_json(view, now);
    return kDone;
  }
  print(in_tables(view, now) + absent_devices(view, options.limit) +
        unreadable_topics(view, options.limit));
  return kDone;
}

}  // namespace

void add_fleet(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand(
      "fleet", "tell how the devices of a fleet are, by their retained statuses");
  const auto options = std::make_shared<FleetOptions>();
  add_connection_options(*command, options->source.connection);
  command
      ->add_option("--filter,--prefix", options->source.filter,
                   "where the devices' statuses are, for instance fleet/+/status")
      ->required()
      ->type_name("FILTER");
  add_fleet_options(*command, options->source);
  command->add_option("--limit", options->limit, "devices that are named in a list")
      ->check(why_negative)
      ->type_name("N")
      ->capture_default_str();
  command->add_flag("--json", options->json, "print one JSON object with every device");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace holdfast::cli
