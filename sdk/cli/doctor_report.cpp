#include "doctor_report.hpp"

#include <sys/ioctl.h>
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

std::string right(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, text.size()), ' ') + text;
}

}  // namespace

Report::Report(Form form, std::string broker) : form_(form), broker_(std::move(broker)) {
  if (form_ == Form::json || ::isatty(STDOUT_FILENO) != 1) return;
  const char* terminal = std::getenv("TERM");
  colour_ = std::getenv("NO_COLOR") == nullptr && terminal != nullptr &&
            std::string_view(terminal) != "dumb";
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) width_ = size.ws_col;
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

void Report::add(Step step) {
  failed_ = failed_ || step.finding == Finding::failed;
  if (step.finding == Finding::costs) ++costs_;
  if (form_ == Form::table) {
    print_line(step);
    return;
  }
  nlohmann::ordered_json one{{"step", step.name}, {"finding", name_of(step.finding)},
                             {"what", step.what}, {"mend", nullptr},
                             {"ms", nullptr},     {"bytes", nullptr}};
  if (!step.mend.empty()) one["mend"] = step.mend;
  if (step.time) one["ms"] = std::round(milliseconds_of(*step.time) * 100) / 100;
  if (step.bytes) one["bytes"] = *step.bytes;
  if (!step.facts.is_null()) one.update(step.facts);
  steps_.push_back(std::move(one));
}

void Report::add_advice(std::string text) {
  advice_.push_back(std::move(text));
}

void Report::finish(ExitCode code, std::uint64_t bytes) {
  if (form_ == Form::json) {
    nlohmann::ordered_json all{
        {"broker", broker_},
        {"result", failed_ ? "failed" : (advice_.empty() ? "good" : "unconfirmed")},
        {"exit_code", static_cast<int>(code)},
        {"pin", nullptr},
        {"bytes", bytes},
        {"steps", steps_},
        {"advice", advice_}};
    if (!pin_.empty()) all["pin"] = pin_;
    print(all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
    return;
  }
  std::string verdict = failed_ ? "not healthy" : "healthy";
  if (!failed_ && !advice_.empty()) verdict = "reached, and not confirmed to be yours";
  if (!failed_ && costs_ > 0) {
    verdict += costs_ == 1 ? ", one thing costs more than it has to"
                           : ", " + std::to_string(costs_) + " things cost more than they have to";
  }
  print("\n" + styled(broker_ + ": " + verdict, failed_ ? kRed : kBold) + " (" +
        std::to_string(bytes) + " bytes were spent on finding out)\n");
  for (const std::string& text : advice_) print("\n" + text + "\n");
}

}  // namespace holdfast::cli
