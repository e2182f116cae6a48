#include "bench/wire/report.hpp"

#include <charconv>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "bench/harness.hpp"

namespace holdfast::bench::wire {
namespace {

using economics::Cost;

constexpr double kMegabyte = 1e6;

const RowResult* find(const LineResult& line, const std::string& key) {
  for (const RowResult& result : line.rows) {
    if (result.row.key == key) return &result;
  }
  return nullptr;
}

// Beside which each row stands: Holdfast with the same promise, a reading a message.
const RowResult* peer_of(const LineResult& line, const Row& row) {
  return find(line, row.acknowledged ? kHoldfastQos1 : kHoldfastQos0);
}

double a_reading(const RowResult& result) {
  return result.measured.message.bytes() / static_cast<double>(result.row.readings_a_message);
}

std::string figure(double value, const char* otherwise = "–") {
  if (value <= 0) return otherwise;
  char text[32];
  std::snprintf(text, sizeof text, value < 100 ? "%.1f" : "%.0f", value);
  return text;
}

std::string ratio(double value, double by) {
  if (by <= 0) return "–";
  char text[32];
  std::snprintf(text, sizeof text, value / by < 10 ? "%.2f" : "%.1f", value / by);
  return text;
}

void print_exchanges(const LineResult& line) {
  std::printf(
      "| way | carries | bytes up | down | both | packets | × limit | × Holdfast | set-up | again "
      "| "
      "close | ping |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- "
      "|\n");
  for (const RowResult& result : line.rows) {
    const auto k = static_cast<double>(result.row.readings_a_message);
    const Cost& message = result.measured.message;
    const RowResult* peer = peer_of(line, result.row);
    std::printf("| %s | %s | %s | %s | %s | %.2f + %.2f | %s | %s | %s | %s%s | %s | %s |\n",
                result.row.name.c_str(), result.row.carries.c_str(),
                figure(message.bytes_up / k).c_str(), figure(message.bytes_down / k).c_str(),
                figure(a_reading(result)).c_str(), message.packets_up / k, message.packets_down / k,
                ratio(a_reading(result), limit_of(result.row).bytes()).c_str(),
                peer == nullptr ? "–" : ratio(a_reading(result), a_reading(*peer)).c_str(),
                figure(result.measured.full_set_up.bytes()).c_str(),
                figure(result.measured.again.bytes()).c_str(), result.measured.resumed ? " r" : "",
                figure(result.measured.closing.bytes()).c_str(),
                figure(result.pings.one.bytes()).c_str());
  }
  std::printf("\nBytes of IP and packets a reading; r: resumed.\n\n");
}

void print_months(const LineResult& line, const Tariff& tariff) {
  std::printf(
      "| way | carries | MB a month, reconnecting each hour | each day | readings | set-ups and "
      "closes | pings | names, beside that |%s × Holdfast |\n| --- | --- | --- | --- | --- | --- | "
      "--- | --- |%s --- |\n",
      tariff.text.empty() ? "" : (" at " + tariff.text + " |").c_str(),
      tariff.text.empty() ? "" : " --- |");
  for (const RowResult& result : line.rows) {
    const economics::Month& month = result.hourly.month;
    const RowResult* peer = peer_of(line, result.row);
    std::string price;
    if (!tariff.text.empty()) {
      char text[32];
      std::snprintf(text, sizeof text, " %.2f |",
                    result.hourly.bytes / kMegabyte * tariff.per_megabyte);
      price = text;
    }
    const double connections = month.of_set_ups.bytes() + month.of_closings.bytes();
    std::printf(
        "| %s | %s | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f |%s %s |\n", result.row.name.c_str(),
        result.row.carries.c_str(), result.hourly.bytes / kMegabyte, result.daily.bytes / kMegabyte,
        month.of_messages.bytes() / kMegabyte, connections / kMegabyte,
        month.of_pings.bytes() / kMegabyte, result.hourly.lookup_bytes / kMegabyte, price.c_str(),
        peer == nullptr ? "–" : ratio(result.hourly.bytes, peer->hourly.bytes).c_str());
  }
  std::printf("\n");
}

void print_savings(const LineResult& line) {
  const RowResult* base = find(line, kHoldfastQos1);
  const std::pair<const char*, const char*> changes[] = {
      {kHoldfastShortTopic, "a topic of 1 byte in place of 17"},
      {kHoldfastNoTimestamps, "TCP timestamps off (sysctl net.ipv4.tcp_timestamps=0)"}};
  for (const auto& [key, what] : changes) {
    const RowResult* changed = find(line, key);
    if (base == nullptr || changed == nullptr) continue;
    const double saved = a_reading(*base) - a_reading(*changed);
    std::printf("- %s: %.1f bytes a reading less, %.1f %%\n", what, saved,
                100 * saved / a_reading(*base));
  }
}

void add(std::vector<Expectation>& list, const std::string& claim, double value, double bound) {
  list.push_back({claim, value, bound});
}

nlohmann::json data_of(const Cost& cost) {
  return {{"bytes_up", cost.bytes_up},
          {"bytes_down", cost.bytes_down},
          {"packets_up", cost.packets_up},
          {"packets_down", cost.packets_down}};
}

nlohmann::json data_of(const Months& months, const Tariff& tariff) {
  nlohmann::json data{{"bytes", months.bytes},
                      {"messages", data_of(months.month.of_messages)},
                      {"set_ups", data_of(months.month.of_set_ups)},
                      {"closings", data_of(months.month.of_closings)},
                      {"pings", data_of(months.month.of_pings)},
                      {"connections", months.month.connections},
                      {"full_set_ups", months.month.full_set_ups},
                      {"lookups", months.lookups},
                      {"lookup_bytes", months.lookup_bytes}};
  if (!tariff.text.empty()) data["price"] = months.bytes / kMegabyte * tariff.per_megabyte;
  return data;
}

}  // namespace

Tariff parse_tariff(const std::string& text) {
  if (text.empty()) return {};
  double price = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), price);
  const std::string unit(end, text.data() + text.size());
  if (error != std::errc() || (unit != "/MB" && unit != "/GB")) {
    give_up("--tariff " + text + " is no price; write it as 2/MB or 4.50/GB");
  }
  return {unit == "/MB" ? price : price / 1'000, text};
}

std::vector<Expectation> expectations(const LineResult& line) {
  std::vector<Expectation> list;
  const RowResult* qos1 = find(line, kHoldfastQos1);
  const RowResult* qos0 = find(line, kHoldfastQos0);
  const RowResult* https = find(line, kHttpsRsa);
  const RowResult* mosquitto1 = find(line, kMosquittoQos1);
  const RowResult* mosquitto0 = find(line, kMosquittoQos0);
  const RowResult* coap = find(line, kCoapSilent);
  const RowResult* five = find(line, kHoldfast5Minutes);
  const RowResult* fifteen = find(line, kHoldfast15Minutes);
  if (qos1 != nullptr) {
    add(list, "QoS 1, a reading a message: of the computed limit",
        a_reading(*qos1) / limit_of(qos1->row).bytes(), 1.01);
  }
  if (qos1 != nullptr && https != nullptr) {
    add(list, "the same: of HTTPS POST, new connection, RSA chain",
        a_reading(*qos1) / a_reading(*https), 1.0 / 21);
  }
  if (qos1 != nullptr && mosquitto1 != nullptr) {
    add(list, "a month at QoS 1, reconnecting each hour: of libmosquitto",
        qos1->hourly.bytes / mosquitto1->hourly.bytes, 0.98);
  }
  if (qos0 != nullptr && mosquitto0 != nullptr) {
    add(list, "a month at QoS 0, reconnecting each hour: of libmosquitto with its pings",
        qos0->hourly.bytes / mosquitto0->hourly.bytes, 0.63);
  }
  if (five != nullptr && https != nullptr) {
    add(list, "Series, 5 min of delay: of HTTPS POST", a_reading(*five) / a_reading(*https),
        1.0 / 120);
  }
  if (five != nullptr && coap != nullptr) {
    add(list, "Series, 5 min of delay: of CoAP, non-confirmable, no answer",
        a_reading(*five) / a_reading(*coap), 0.5);
  }
  if (fifteen != nullptr && https != nullptr) {
    add(list, "Series, 15 min of delay: of HTTPS POST", a_reading(*fifteen) / a_reading(*https),
        1.0 / 250);
  }
  return list;
}

void print(const LineResult& line, const Tariff& tariff) {
  std::printf("## %s: %s\n\n", line.name.c_str(), line.description.c_str());
  if (!line.skipped.empty()) {
    std::printf("Skipped: %s.\n\n", line.skipped.c_str());
    return;
  }
  for (const auto& [name, package] : line.left_out) {
    std::printf("Left out, for want of the package %s: %s\n", package.c_str(), name.c_str());
  }
  if (!line.left_out.empty()) std::printf("\n");
  print_exchanges(line);
  print_months(line, tariff);
  print_savings(line);
  for (const Expectation& one : expectations(line)) {
    std::printf("- %s: %.4f (1/%.1f), expected at most %.4f: %s\n", one.claim.c_str(), one.value,
                1 / one.value, one.bound, one.met() ? "met" : "missed");
  }
  std::printf("\n");
  std::fflush(stdout);
}

nlohmann::json as_data(const LineResult& line, const Tariff& tariff) {
  nlohmann::json data{{"name", line.name}, {"description", line.description}};
  if (!line.skipped.empty()) data["skipped"] = line.skipped;
  data["rows"] = nlohmann::json::array();
  for (const RowResult& result : line.rows) {
    const RowResult* peer = peer_of(line, result.row);
    nlohmann::json row{{"key", result.row.key},
                       {"name", result.row.name},
                       {"carries", result.row.carries},
                       {"readings_a_message", result.row.readings_a_message},
                       {"messages", result.measured.messages},
                       {"message", data_of(result.measured.message)},
                       {"bytes_a_reading", a_reading(result)},
                       {"limit_bytes", limit_of(result.row).bytes()},
                       {"set_up", data_of(result.measured.full_set_up)},
                       {"set_up_again", data_of(result.measured.again)},
                       {"resumed", result.measured.resumed},
                       {"closing", data_of(result.measured.closing)},
                       {"declaration", data_of(result.measured.declaration)},
                       {"ping", data_of(result.pings.one)},
                       {"pings_seen", result.pings.seen},
                       {"pings_seen_in_readings", result.pings.readings},
                       {"month_hourly", data_of(result.hourly, tariff)},
                       {"month_daily", data_of(result.daily, tariff)}};
    if (peer != nullptr) row["beside_holdfast"] = result.hourly.bytes / peer->hourly.bytes;
    data["rows"].push_back(std::move(row));
  }
  for (const auto& [name, package] : line.left_out) data["left_out"][name] = package;
  for (const Expectation& one : expectations(line)) {
    data["expectations"].push_back(
        {{"claim", one.claim}, {"value", one.value}, {"bound", one.bound}, {"met", one.met()}});
  }
  return data;
}

}  // namespace holdfast::bench::wire
