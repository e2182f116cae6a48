#include "page.hpp"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <ctime>

#include "drawing.hpp"
#include "page_style.hpp"
#include "printable.hpp"

namespace fleet {
namespace {

// What a phone can show and a person can look at. Everything else is in the file.
constexpr int kDevices = 50;
constexpr int kTrackPoints = 300;
constexpr int kPlots = 6;
constexpr int kPlotPoints = 120;

[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...) {
  std::array<char, 256> text{};
  std::va_list values;
  va_start(values, pattern);
  std::vsnprintf(text.data(), text.size(), pattern, values);
  va_end(values);
  return text.data();
}

std::string number(std::int64_t value) {
  std::string digits = std::to_string(value);
  for (std::size_t at = digits.size(); at > 3 + (value < 0 ? 1U : 0U); at -= 3) {
    digits.insert(at - 3, 1, ',');
  }
  return digits;
}

std::string bytes(std::int64_t count) {
  const auto value = static_cast<double>(count);
  if (count < 10'000) return number(count) + " B";
  if (count < 1'000'000) return format("%.1f kB", value / 1e3);
  return format("%.2f MB", value / 1e6);
}

std::string ago(std::int64_t then_ms, std::int64_t now) {
  if (then_ms <= 0) return "never";
  const std::int64_t seconds = std::max<std::int64_t>(0, (now - then_ms) / 1'000);
  if (seconds < 120) return format("%lld s ago", static_cast<long long>(seconds));
  if (seconds < 7'200) return format("%lld min ago", static_cast<long long>(seconds / 60));
  if (seconds < 172'800) return format("%lld h ago", static_cast<long long>(seconds / 3'600));
  return format("%lld days ago", static_cast<long long>(seconds / 86'400));
}

std::string row(const std::string& name, const std::string& value) {
  return "<tr><th>" + name + "</th><td>" + value + "</td></tr>";
}

std::string of_allowance(std::int64_t used, std::int64_t allowance) {
  const double share = 100.0 * static_cast<double>(used) / static_cast<double>(allowance);
  return format("<meter min=\"0\" max=\"100\" high=\"80\" value=\"%.1f\"></meter> %.1f %% of ",
                std::min(share, 100.0), share) +
         bytes(allowance);
}

// What the bytes were for, dearest first: "payload 41 %, headers 22 %".
std::string spending_of(const Condition& told) {
  std::string text;
  for (const Spending& one : told.spending) {
    if (one.permille < 5) continue;
    text += (text.empty() ? "" : ", ") + escaped(one.cause) +
            format(" %.0f %%", static_cast<double>(one.permille) / 10);
  }
  return text;
}

// Its own count knows the month from its first day, whoever else was there to listen.
std::string budget_of(const DeviceRow& device, std::int64_t allowance) {
  const Condition& told = *device.condition;
  if (told.budget_allowance == 0) {
    return allowance == 0 ? "" : of_allowance(device.month_bytes, allowance);
  }
  std::string text = of_allowance(told.budget_used, told.budget_allowance);
  if (told.budget_admits != "everything") text += ", lets through " + escaped(told.budget_admits);
  return text;
}

std::string bill_of(const DeviceView& device, const PageModel& model) {
  const DeviceRow& from = device.row;
  std::string text = "<table>";
  if (from.condition) {
    const Condition& told = *from.condition;
    text += row("sent", bytes(told.bytes_up)) + row("received", bytes(told.bytes_down)) +
            row("connections", number(told.connections)) +
            row("handshakes", number(told.full_handshakes) + " full, " +
                                  number(told.resumed_handshakes) + " resumed");
    text += row("this month", bytes(from.month_bytes));
    if (const auto for_what = spending_of(told); !for_what.empty()) text += row("for", for_what);
    if (const auto budget = budget_of(from, model.allowance); !budget.empty()) {
      text += row("budget", budget);
    }
    text += row("pin set", told.pin_set_version == 0 ? "firmware" : number(told.pin_set_version));
    if (!told.vouching.empty()) {
      text += row("vouched for by", "<code>" + escaped(told.vouching) + "</code>");
    }
  } else {
    text += row("bill", "no status: see <code>Options::presence</code>");
  }
  text += row("readings", number(from.readings));
  text += row("missing", number(from.missing) + " messages");
  text += row("second copies", number(from.copies) + " dropped");
  return text + "</table>";
}

std::string state_of(const DeviceRow& device) {
  if (!device.condition) return "<span class=\"unknown\">no status</span>";
  return device.condition->online ? "<span class=\"online\">online</span>"
                                  : "<span class=\"offline\">offline</span>";
}

// The same for a device at each look, whoever else is there.
std::size_t colour_of(const DeviceView& device) {
  return static_cast<std::size_t>(device.row.id) % kColours;
}

std::string card(const DeviceView& device, const PageModel& model) {
  std::string text = format("<section class=\"c%zu\"><h2><i></i><bdi>", colour_of(device)) +
                     escaped(device.row.name) + "</bdi> " + state_of(device.row) + "</h2>";
  text += "<p>last message " + ago(device.row.last_ms, model.now_ms) + "</p>";
  text += bill_of(device, model);
  for (const Plot& plot : device.plots) {
    text += "<figure><figcaption><bdi>" + escaped(plot.channel) + "</bdi></figcaption>" +
            draw_plot(plot.points) + "</figure>";
  }
  return text + "</section>";
}

std::string header(const PageModel& model) {
  std::int64_t readings = 0;
  std::int64_t missing = 0;
  std::int64_t online = 0;
  for (const DeviceView& device : model.devices) {
    readings += device.row.readings;
    missing += device.row.missing;
    if (device.row.condition && device.row.condition->online) ++online;
  }
  std::string text = "<header><h1>Fleet</h1><p><b>" + number(model.all_devices) +
                     "</b> devices, <b>" + number(online) + "</b> online, <b>" + number(readings) +
                     "</b> readings, <b>" + number(missing) + "</b> messages missing</p>";
  if (model.all_devices > static_cast<std::int64_t>(model.devices.size())) {
    text += "<p>Shown are the " + number(static_cast<std::int64_t>(model.devices.size())) +
            " that were heard of last.</p>";
  }
  return text + "</header>";
}

}  // namespace

PageModel look_at(Store& store, std::int64_t now, std::int64_t allowance) {
  PageModel model{
      .now_ms = now, .all_devices = store.device_count(), .allowance = allowance, .devices = {}};
  for (DeviceRow& device : store.devices(kDevices, now)) {
    DeviceView view{.row = std::move(device), .track = {}, .plots = {}};
    view.track = store.track(view.row.id, kTrackPoints);
    for (std::string& channel : store.channels(view.row.id, kPlots + 2)) {
      if (channel == "lat" || channel == "lon" || view.plots.size() >= kPlots) continue;
      std::vector<Point> points = store.points(view.row.id, channel, kPlotPoints);
      view.plots.push_back({std::move(channel), std::move(points)});
    }
    model.devices.push_back(std::move(view));
  }
  // Cards that change their places at each look cannot be read.
  std::sort(model.devices.begin(), model.devices.end(),
            [](const DeviceView& a, const DeviceView& b) { return a.row.name < b.row.name; });
  return model;
}

std::string render(const PageModel& model) {
  std::string text =
      "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
      "<meta name=\"color-scheme\" content=\"light dark\">"
      "<meta http-equiv=\"refresh\" content=\"15\"><title>Fleet</title><style>";
  text += kStyle;
  text += "</style></head><body>" + header(model);
  std::vector<Track> tracks;
  for (const DeviceView& device : model.devices) {
    if (!device.track.empty()) tracks.push_back({colour_of(device), device.row.name, device.track});
  }
  if (!tracks.empty()) text += "<figure class=\"map\">" + draw_map(tracks) + "</figure>";
  text += "<main>";
  for (const DeviceView& device : model.devices) text += card(device, model);
  if (model.devices.empty()) text += "<p>No device has said anything yet.</p>";
  return text + "</main></body></html>\n";
}

}  // namespace fleet
