#include "doctor_report.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "files.hpp"

namespace holdfast::cli {
namespace {

constexpr std::string_view kGreen = "32";
constexpr std::string_view kYellow = "33";
constexpr std::string_view kRed = "1;31";
constexpr std::string_view kBold = "1";
// Where the sentence of a line begins: verdict, step, time, bytes.
constexpr std::size_t kIndent = 6 + 12 + 10 + 8 + 2;
constexpr std::size_t kLeastWidth = kIndent + 30;

std::string_view name_of(Finding finding) {
  switch (finding) {
    case Finding::good:
      return "good";
    case Finding::costs:
      return "costs";
    case Finding::failed:
      return "failed";
  }
  return "";
}

std::string_view word_of(Finding finding) {
  switch (finding) {
    case Finding::good:
      return "ok";
    case Finding::costs:
      return "costs";
    case Finding::failed:
      return "FAIL";
  }
  return "";
}

std::string_view style_of(Finding finding) {
  switch (finding) {
    case Finding::good:
      return kGreen;
    case Finding::costs:
      return kYellow;
    case Finding::failed:
      return kRed;
  }
  return "";
}

double milliseconds_of(Time time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

std::string text_of(Time time) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f ms", milliseconds_of(time));
  return text.data();
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

std::string things_that_cost(std::size_t count) {
  return count == 1 ? "one thing costs more than it has to"
                    : std::to_string(count) + " things cost more than they have to";
}

std::string right(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, text.size()), ' ') + text;
}

}  // namespace

Report::Report(Form form, std::size_t brokers) : form_(form), several_(brokers > 1) {
  if (form_ == Form::json || ::isatty(STDOUT_FILENO) != 1) return;
  const char* terminal = std::getenv("TERM");
  colour_ = std::getenv("NO_COLOR") == nullptr && terminal != nullptr &&
            std::string_view(terminal) != "dumb";
  width_ = terminal_width();
}

std::string Report::styled(std::string_view text, std::string_view style) const {
  if (!colour_ || style.empty()) return std::string(text);
  return "\x1b[" + std::string(style) + "m" + std::string(text) + "\x1b[0m";
}

// The rest of a line that has come to `kIndent`, broken between words on a terminal.
void Report::print_wrapped(std::string_view text, std::string_view style) const {
  const std::size_t room = width_ < kLeastWidth ? text.size() : width_ - kIndent - 1;
  while (text.size() > room) {
    std::size_t cut = text.rfind(' ', room);
    if (cut == std::string_view::npos || cut == 0) cut = std::min(text.find(' '), text.size());
    print(styled(text.substr(0, cut), style) + "\n");
    text.remove_prefix(std::min(cut + 1, text.size()));
    if (text.empty()) return;
    print(std::string(kIndent, ' '));
  }
  print(styled(text, style) + "\n");
}

void Report::print_line(const Step& step) const {
  print(styled(padded(std::string(word_of(step.finding)), 6), style_of(step.finding)) +
        padded(step.name, 12) + right(step.time ? text_of(*step.time) : "", 10) +
        right(step.bytes ? std::to_string(*step.bytes) + " B" : "", 8) + "  ");
  print_wrapped(step.what, "");
  if (step.mend.empty()) return;
  print(std::string(kIndent, ' '));
  print_wrapped("mend: " + step.mend, style_of(step.finding));
}

void Report::begin_broker(std::string url) {
  if (several_) print_title(url);
  brokers_.push_back({.url = std::move(url)});
  on_the_way_ = true;
}

void Report::end_broker(ExitCode code) {
  brokers_.back().code = code;
  on_the_way_ = false;
}

void Report::begin_device() {
  if (several_) print_title("the device");
}

void Report::begin_host() {
  if (several_) print_title("this host");
}

void Report::print_title(const std::string& title) {
  if (form_ == Form::json) return;
  print((std::exchange(titled_, true) ? "\n" : "") + styled(title, kBold) + "\n");
}

void Report::add(Step step) {
  if (on_the_way_) {
    Way& way = brokers_.back();
    way.failed = way.failed || step.finding == Finding::failed;
    way.costs += step.finding == Finding::costs ? 1 : 0;
    way.bytes += step.bytes.value_or(0);
  } else if (step.finding == Finding::costs) {
    ++host_costs_;
  }
  if (form_ == Form::table) {
    print_line(step);
    return;
  }
  nlohmann::ordered_json one{
      {"step", step.name}, {"broker", nullptr}, {"finding", name_of(step.finding)},
      {"what", step.what}, {"mend", nullptr},   {"ms", nullptr},
      {"bytes", nullptr}};
  if (on_the_way_) one["broker"] = brokers_.back().url;
  if (!step.mend.empty()) one["mend"] = step.mend;
  if (step.time) one["ms"] = std::round(milliseconds_of(*step.time) * 100) / 100;
  if (step.bytes) one["bytes"] = *step.bytes;
  if (!step.facts.is_null()) one.update(step.facts);
  steps_.push_back(std::move(one));
}

void Report::add_advice(std::string text) {
  if (on_the_way_) brokers_.back().unconfirmed = true;
  advice_.push_back(std::move(text));
}

ExitCode Report::finish() {
  const auto bad = std::find_if(brokers_.begin(), brokers_.end(),
                                [](const Way& way) { return way.code != kDone; });
  const ExitCode code = bad == brokers_.end() ? kDone : bad->code;
  if (form_ == Form::json) {
    print_object(code);
  } else {
    print_verdicts();
  }
  return code;
}

void Report::print_verdicts() const {
  print("\n");
  for (const Way& way : brokers_) {
    std::string verdict = way.failed        ? "not healthy"
                          : way.unconfirmed ? "reached, and not confirmed to be yours"
                                            : "healthy";
    // With one broker the host's are told with it.
    const std::size_t costs = way.costs + (several_ ? 0 : host_costs_);
    if (!way.failed && costs > 0) verdict += ", " + things_that_cost(costs);
    print(styled(way.url + ": " + verdict, way.failed ? kRed : kBold) + " (" +
          std::to_string(way.bytes) + " bytes were spent on finding out)\n");
  }
  if (several_ && host_costs_ > 0) {
    print(styled("this host: " + things_that_cost(host_costs_), kBold) + "\n");
  }
  for (const std::string& text : advice_) print("\n" + text + "\n");
}

void Report::print_object(ExitCode code) const {
  const auto result_of = [](bool failed, bool unconfirmed) {
    return failed ? "failed" : unconfirmed ? "unconfirmed" : "good";
  };
  bool failed = false;
  bool unconfirmed = false;
  std::uint64_t bytes = 0;
  nlohmann::ordered_json brokers = nlohmann::ordered_json::array();
  for (const Way& way : brokers_) {
    failed = failed || way.failed;
    unconfirmed = unconfirmed || way.unconfirmed;
    bytes += way.bytes;
    brokers.push_back({{"broker", way.url},
                       {"result", result_of(way.failed, way.unconfirmed)},
                       {"exit_code", static_cast<int>(way.code)},
                       {"pin", nullptr},
                       {"bytes", way.bytes}});
    if (!way.pin.empty()) brokers.back()["pin"] = way.pin;
  }
  const nlohmann::ordered_json all{{"result", result_of(failed, unconfirmed)},
                                   {"exit_code", static_cast<int>(code)},
                                   {"pin", brokers.front().at("pin")},
                                   {"bytes", bytes},
                                   {"brokers", brokers},
                                   {"steps", steps_},
                                   {"advice", advice_}};
  print(all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

}  // namespace holdfast::cli
