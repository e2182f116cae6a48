#include "report/json_report.hpp"

#include <nlohmann/json.hpp>

namespace holdfast::broker_test {

using Json = nlohmann::ordered_json;

std::string advice_for(const Result& result) {
  if (!result.wants_mending()) return {};
  std::string advice = result.check->meaning;
  for (const Setting& setting : result.check->settings) {
    advice += "\n";
    if (*setting.broker != '\0') advice += std::string(setting.broker) + ": ";
    advice += setting.text;
  }
  return advice;
}

std::string json_report(const RunFacts& facts, const std::vector<Result>& results) {
  const Tally tally = tally_of(results);
  Json report{{"broker", facts.broker},     {"mqtt", facts.mqtt},
              {"began", facts.began},       {"seconds", facts.seconds},
              {"suite", facts.version},     {"interrupted", facts.interrupted},
              {"passed", tally.passed},     {"measured", tally.figures},
              {"warned", tally.warnings},   {"failed", tally.failed},
              {"accepted", tally.accepted}, {"not_applicable", tally.not_applicable},
              {"checks", Json::array()}};
  for (const Result& result : results) {
    Json figures = Json::array();
    for (const Figure& figure : result.finding.figures()) {
      figures.push_back({{"name", figure.name}, {"value", figure.value}, {"unit", figure.unit}});
    }
    report["checks"].push_back({{"id", result.check->id},
                                {"group", result.check->group()},
                                {"title", result.check->title},
                                {"reference", result.check->reference},
                                {"verdict", to_string(result.finding.verdict())},
                                {"accepted", result.accepted},
                                {"figures", std::move(figures)},
                                {"evidence", result.finding.evidence()},
                                {"advice", advice_for(result)},
                                {"milliseconds", result.took.count()}});
  }
  // What a broker has sent may be no text.
  return report.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace holdfast::broker_test
