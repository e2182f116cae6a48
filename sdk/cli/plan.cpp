// holdfast plan: what a month costs on the wire, by HTTPS, by plain MQTT over TLS, and by Holdfast.

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <holdfast/limits.hpp>

#include "command.hpp"
#include "files.hpp"
#include "json_output.hpp"
#include "plan_measured.hpp"
#include "plan_ways.hpp"
#include "table.hpp"
#include "text.hpp"

namespace holdfast::cli {
namespace {

using namespace std::chrono_literals;
using economics::Month;

constexpr std::string_view kTariffMend = "write a price and its unit: 2/MB, 0.05/kB or 15/GB";
constexpr double kMegabyte = 1e6;

struct PlanOptions {
  std::uint64_t payload = 0;
  std::string every = "30s";
  std::string delay = "0";
  std::string reachable_within = "0";
  std::optional<double> reconnects;
  std::uint64_t days = 30;
  std::uint64_t topic_bytes = 17;
  std::uint64_t channels = 0;
  unsigned qos = 1;
  bool ipv6 = false;
  bool no_timestamps = false;
  std::string tariff;
  std::string measured;
  bool json = false;
};

// --- Reading the options -------------------------------------------------------------------------

// The price of a megabyte.
double parse_tariff(const std::string& text) {
  static constexpr std::array<std::pair<std::string_view, double>, 3> kUnits{
      {{"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}}};
  double price = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), price);
  const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const auto& [unit, bytes] : kUnits) {
    if (error != std::errc() || rest != "/" + std::string(unit)) continue;
    if (std::isfinite(price) && price >= 0) return price * kMegabyte / bytes;
  }
  refuse("--tariff is no price", text, kTariffMend);
}

void expect_between(const char* option, std::uint64_t value, std::uint64_t least,
                    std::uint64_t most) {
  if (value >= least && value <= most) return;
  refuse(std::string(option) + " is out of range", std::to_string(value),
         "give " + std::to_string(least) + " to " + std::to_string(most));
}

Plan plan_of(const PlanOptions& options, const MeasuredLine& measured) {
  expect_between("--payload", options.payload, 1, limits::kMaxPayloadBytes);
  expect_between("--topic-bytes", options.topic_bytes, 1, limits::kMaxTopicBytes);
  expect_between("--channels", options.channels, 0, limits::kMaxSeriesChannels);
  expect_between("--days", options.days, 1, 366);
  Plan plan{.payload_bytes = options.payload,
            .topic_bytes = options.topic_bytes,
            .delay = parse_duration("--delay", options.delay),
            .reachable_within = parse_duration("--reachable-within", options.reachable_within),
            .channels = options.channels,
            .acknowledged = options.qos == 1,
            .path = {.ipv6 = options.ipv6, .timestamps = !options.no_timestamps},
            .measured = measured};
  plan.workload.every = parse_duration("--every", options.every);
  if (plan.workload.every < 1ms) {
    refuse("--every is no interval", options.every, "write for instance 500ms, 30s or 5min");
  }
  if (plan.delay > 24h) {
    refuse("--delay is too long", options.delay, "a delay budget ends after 24h");
  }
  plan.workload.days = static_cast<double>(options.days);
  plan.workload.reconnects_per_day =
      options.reconnects.value_or(measured.reconnects_per_day.value_or(24));
  if (!std::isfinite(plan.workload.reconnects_per_day) || plan.workload.reconnects_per_day < 0 ||
      plan.workload.reconnects_per_day > 86'400) {
    refuse("--reconnects-per-day is out of range", std::to_string(*options.reconnects),
           "give 0 to 86400");
  }
  return plan;
}

// --- For a person --------------------------------------------------------------------------------

std::string fixed(double number, int decimals) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, number);
  return text.data();
}

// Three digits that count, also of a bill of a few kilobytes.
std::string readable(double number) {
  if (number >= 99.95) return fixed(number, 0);
  if (number >= 9.995) return fixed(number, 1);
  return fixed(number, number >= 0.01 || number == 0 ? 2 : 4);
}

std::string with_dots(double number) {
  std::string digits = fixed(number, 0);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, 1, ',');
  return digits;
}

std::string title_of(const Plan& plan, const Month& month) {
  std::string text = std::to_string(plan.payload_bytes) + " bytes every " +
                     readable(std::chrono::duration<double>(plan.workload.every).count()) +
                     " s for " + fixed(plan.workload.days, 0) +
                     " days: " + with_dots(month.readings) + " readings, " +
                     readable(plan.workload.reconnects_per_day) + " reconnections a day";
  if (plan.measured.repeated_share > 0) {
    text += ", " + readable(100 * plan.measured.repeated_share) + " % sent again";
  }
  return text + "\n\n";
}

std::string in_table(const std::vector<Way>& ways, std::optional<double> price) {
  std::vector<Table::Column> columns{{"way"},
                                     {"bytes a reading", Table::Align::right},
                                     {"MB", Table::Align::right},
                                     {"times Holdfast", Table::Align::right}};
  if (price) columns.push_back({"cost", Table::Align::right});
  Table table(columns);
  const double least = ways.back().month.all().bytes();
  for (const Way& way : ways) {
    const double bytes = way.month.all().bytes();
    std::vector<std::string> cells{way.name, readable(way.month.bytes_per_reading()),
                                   readable(bytes / kMegabyte), readable(bytes / least)};
    if (price) cells.push_back(fixed(bytes / kMegabyte * *price, 2));
    table.add(cells);
  }
  return table.take_lines();
}

std::string parts_of(const Month& month) {
  const auto part = [](const char* name, const economics::Cost& cost) {
    return std::string(name) + " " + readable(cost.bytes() / kMegabyte);
  };
  return "The last line in MB: " + part("messages", month.of_messages) + ", " +
         part("set-ups", month.of_set_ups) + ", " + part("closings", month.of_closings) + ", " +
         part("pings", month.of_pings) + ", " + part("names", month.of_lookups) + "\n";
}

std::string measured_lines(const MeasuredDevice& device, std::optional<double> price, double days) {
  std::string text = "\nThis device has taken " +
                     readable(static_cast<double>(device.all.ip_bytes().sum()) / kMegabyte) +
                     " MB in " + with_dots(static_cast<double>(device.all.connections)) +
                     " connections";
  if (device.days > 0) {
    const double megabytes = device.bytes_per_day * days / kMegabyte;
    text += "; by its last " + fixed(device.days, 0) + " whole days a month takes " +
            readable(megabytes) + " MB";
    if (price) text += ", " + fixed(megabytes * *price, 2);
  } else {
    text += "; no day of it is over, so that its reconnections are not known";
  }
  return text + "\n";
}

std::string advice_for(const Plan& plan) {
  std::string text;
  if (plan.delay == 0ms) text += "A delay budget lets readings share a message: --delay 5min\n";
  if (plan.channels == 0) {
    text += "Numeric channels as a Series take a fraction of their bytes: --channels N\n";
  }
  return text.empty() ? text : "\n" + text;
}

// --- For a program -------------------------------------------------------------------------------

Json as_json(const Way& way, std::optional<double> price) {
  const Month& month = way.month;
  Json json{{"way", way.id},
            {"readings_per_message", way.profile.readings_per_message},
            {"messages", month.messages},
            {"connections", month.connections},
            {"bytes", month.all().bytes()},
            {"bytes_per_reading", month.bytes_per_reading()},
            {"bytes_of",
             {{"messages", month.of_messages.bytes()},
              {"set_ups", month.of_set_ups.bytes()},
              {"closings", month.of_closings.bytes()},
              {"pings", month.of_pings.bytes()},
              {"names", month.of_lookups.bytes()}}}};
  if (price) json["cost"] = month.all().bytes() / kMegabyte * *price;
  return json;
}

Json as_json(const Plan& plan, const std::vector<Way>& ways, std::optional<double> price,
             const std::optional<MeasuredDevice>& device) {
  Json json{{"payload_bytes", plan.payload_bytes},
            {"every_s", std::chrono::duration<double>(plan.workload.every).count()},
            {"days", plan.workload.days},
            {"readings", ways.back().month.readings},
            {"reconnects_per_day", plan.workload.reconnects_per_day}};
  if (device) {
    json["measured"] = {{"bytes", device->all.ip_bytes().sum()},
                        {"connections", device->all.connections},
                        {"whole_days", device->days},
                        {"bytes_per_day", device->bytes_per_day},
                        {"connections_per_day", device->connections_per_day},
                        {"repeated_share", device->line.repeated_share},
                        {"set_up_tls_bytes", device->line.set_up_tls_bytes.value_or(0)}};
  }
  json["ways"] = Json::array();
  for (const Way& way : ways) json["ways"].push_back(as_json(way, price));
  return json;
}

int run(const PlanOptions& options) {
  std::optional<double> price;
  if (!options.tariff.empty()) price = parse_tariff(options.tariff);
  std::optional<MeasuredDevice> device;
  if (!options.measured.empty()) device = read_measured(options.measured);
  const Plan plan = plan_of(options, device ? device->line : MeasuredLine());
  const std::vector<Way> ways = ways_of(plan);
  if (options.json) {
    print(as_json(plan, ways, price, device).dump() + "\n");
    return kDone;
  }
  const Month& last = ways.back().month;
  print(title_of(plan, last) + in_table(ways, price) + "\n" + parts_of(last) +
        (device ? measured_lines(*device, price, plan.workload.days) : "") + advice_for(plan));
  return kDone;
}

}  // namespace

void add_plan(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand(
      "plan", "compute what a month costs on the wire: HTTPS, MQTT over TLS, Holdfast");
  const auto options = std::make_shared<PlanOptions>();
  command->add_option("--payload", options->payload, "bytes of one reading")
      ->check(why_negative)
      ->required()
      ->type_name("N");
  command->add_option("--every", options->every, "from one reading to the next")
      ->type_name("DURATION")
      ->capture_default_str();
  command->add_option("--delay", options->delay, "delay budget: readings within it share a message")
      ->type_name("DURATION")
      ->capture_default_str();
  command
      ->add_option("--channels", options->channels,
                   "the readings are a Series of so many numeric channels")
      ->check(why_negative)
      ->type_name("N");
  command
      ->add_option("--reconnects-per-day", options->reconnects,
                   "how often the line is lost; 24 unless told or measured")
      ->type_name("N");
  command
      ->add_option("--reachable-within", options->reachable_within,
                   "how soon the broker must reach the device; 0: nothing is subscribed")
      ->type_name("DURATION")
      ->capture_default_str();
  command->add_option("--topic-bytes", options->topic_bytes, "bytes of the topic")
      ->check(why_negative)
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--qos", options->qos, "of messages that are not delayed")
      ->check(CLI::IsMember({0, 1}))
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--days", options->days, "of the month")
      ->check(why_negative)
      ->type_name("N")
      ->capture_default_str();
  command->add_flag("--ipv6", options->ipv6, "20 bytes more a packet");
  command->add_flag("--no-timestamps", options->no_timestamps,
                    "the host has TCP timestamps switched off: 12 bytes less a packet");
  command->add_option("--tariff", options->tariff, "what bytes cost, for instance 2/MB")
      ->type_name("PRICE/UNIT");
  command
      ->add_option("--measured", options->measured,
                   "take what the ledger of this state directory tells of the line")
      ->type_name("DIR");
  command->add_flag("--json", options->json, "print one JSON object");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace holdfast::cli
