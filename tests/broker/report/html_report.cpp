#include "report/html_report.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "report/html_style.hpp"
#include "report/json_report.hpp"

namespace holdfast::broker_test {
namespace {

// What a broker has said goes into a page: it stays text, whatever it is.
std::string escaped(std::string_view text) {
  std::string safe;
  for (const char one : text) {
    switch (one) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\n':
        safe += "<br>";
        break;
      default:
        safe += static_cast<unsigned char>(one) < 0x20 ? '?' : one;
    }
  }
  return safe;
}

std::string element(std::string_view tag, std::string_view content, std::string_view type = {}) {
  std::string text = "<" + std::string(tag);
  if (!type.empty()) text += " class=\"" + std::string(type) + "\"";
  return text + ">" + std::string(content) + "</" + std::string(tag) + ">";
}

std::string word_of(Verdict verdict) {
  return verdict == Verdict::not_applicable ? "n/a" : std::string(to_string(verdict));
}

std::string number(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), value >= 1'000 ? "%.0f" : "%.4g", value);
  std::string digits = text.data();
  const auto whole = digits.find_first_of(".e");
  for (std::size_t at = std::min(whole, digits.size()); at > 3; at -= 3)
    digits.insert(at - 3, 1, ',');
  return digits;
}

std::string words_of(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

// --- The parts of the page -----------------------------------------------------------------------

std::string chips(const Tally& tally) {
  const auto chip = [](unsigned count, const char* what, const char* type) {
    return element("li", element("b", std::to_string(count)) + " " + what, type);
  };
  return element(
      "ul",
      chip(tally.failed, "failed", "fail") +
          (tally.accepted > 0 ? chip(tally.accepted, "failed and accepted", "warning") : "") +
          chip(tally.warnings, "warned", "warning") + chip(tally.passed, "passed", "pass") +
          chip(tally.figures, "measured", "figure") +
          chip(tally.not_applicable, "not applicable", "not_applicable"),
      "chips");
}

std::string settings_of(const Check& check) {
  std::string items;
  for (const Setting& setting : check.settings) {
    const std::string broker =
        *setting.broker == '\0' ? "" : element("b", escaped(setting.broker)) + " ";
    items += element("li", broker + element("code", escaped(setting.text)));
  }
  return items.empty() ? "" : element("ul", items, "settings");
}

std::string evidence_of(const Finding& finding) {
  std::string items;
  for (const std::string& line : finding.evidence()) items += element("li", escaped(line));
  return items.empty() ? "" : element("ul", items, "evidence");
}

std::string to_change(const std::vector<Result>& results) {
  std::string items;
  for (const Verdict verdict : {Verdict::fail, Verdict::warning}) {
    for (const Result& result : results) {
      if (result.finding.verdict() != verdict) continue;
      items += element(
          "li",
          element("span", word_of(verdict) + (result.accepted ? ", accepted" : ""), "badge") + " " +
              element("b", escaped(result.check->title)) + " " +
              element("a", escaped(result.check->id), "id") + evidence_of(result.finding) +
              element("p", escaped(result.check->meaning)) + settings_of(*result.check),
          to_string(verdict));
    }
  }
  if (items.empty()) return element("p", "Nothing: no check failed, and none warned.");
  return element("ol", items, "changes");
}

// Those that have the unit of another one beside it can be compared by the length of a bar.
std::string bar_of(const Figure& figure, const std::vector<Figure>& all) {
  double most = 0;
  unsigned alike = 0;
  for (const Figure& other : all) {
    if (other.unit != figure.unit) continue;
    most = std::max(most, other.value);
    ++alike;
  }
  if (figure.unit.empty() || alike < 2 || most <= 0) return {};
  std::array<char, 160> bar{};
  std::snprintf(bar.data(), bar.size(),
                "<svg viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
                "<rect width=\"%.1f\" height=\"8\"/></svg>",
                std::max(0.0, 100 * figure.value / most));
  return bar.data();
}

std::string bars(const Result& result) {
  const auto& all = result.finding.figures();
  std::string rows;
  for (const Figure& figure : all) {
    rows += element("tr",
                    element("th", escaped(words_of(figure.name))) +
                        element("td", bar_of(figure, all), "bar") +
                        element("td", number(figure.value) + " " + escaped(figure.unit), "value"));
  }
  return rows.empty() ? "" : element("table", rows, "figures");
}

// Quantities; what is only there or not is with its check.
bool measures(const Result& result) {
  const auto& all = result.finding.figures();
  return result.finding.verdict() != Verdict::not_applicable &&
         std::any_of(all.begin(), all.end(), [](const Figure& one) { return !one.unit.empty(); });
}

std::string figures(const std::vector<Result>& results) {
  std::string all;
  for (const Result& result : results) {
    if (!measures(result)) continue;
    all += element("section", element("h3", escaped(result.check->title)) + bars(result), "card");
  }
  return element("div", all, "cards");
}

std::string details(const Result& result) {
  const Check& check = *result.check;
  const Finding& finding = result.finding;
  std::string inside = evidence_of(finding) + bars(result);
  if (result.wants_mending()) inside += element("p", escaped(check.meaning)) + settings_of(check);
  inside += element("p",
                    "Reference: " + escaped(check.reference) + ". It took " +
                        number(static_cast<double>(result.took.count())) + " ms.",
                    "small");
  const std::string summary =
      element("summary", element("span", word_of(finding.verdict()), "badge") + " " +
                             escaped(check.title) + " " + element("span", escaped(check.id), "id"));
  return element("details", summary + inside, to_string(finding.verdict()));
}

std::string all_checks(const std::vector<Result>& results) {
  std::string all;
  std::string group;
  for (const Result& result : results) {
    if (result.check->group() != group) {
      group = result.check->group();
      all += element("h3", escaped(group));
    }
    all += details(result);
  }
  return all;
}

}  // namespace

std::string html_report(const RunFacts& facts, const std::vector<Result>& results) {
  const Tally tally = tally_of(results);
  const std::string title = "Broker " + escaped(facts.broker);
  std::string body = element(
      "header",
      element("h1", title) +
          element("p", "MQTT " + escaped(facts.mqtt) + ", " + escaped(facts.began) + ", " +
                           number(facts.seconds) + " s, holdfast-broker-test " +
                           escaped(facts.version)) +
          (facts.interrupted ? element("p", "Interrupted: not all checks ran.", "fail") : "") +
          chips(tally));
  body += element("section", element("h2", "What to change first") + to_change(results));
  body += element("section", element("h2", "Figures") + figures(results));
  body += element("section", element("h2", "All checks") + all_checks(results), "checks");
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">" +
         element("title", title) + element("style", kReportStyle) + "</head>\n<body>\n" +
         element("main", body) + "\n</body>\n</html>\n";
}

}  // namespace holdfast::broker_test
