#include "selftest/suite_fixture.hpp"

#include <utility>

#include "support/process.hpp"

namespace holdfast::broker_test {

std::set<std::string> SuiteRun::with(const std::string& verdict) const {
  std::set<std::string> ids;
  for (const Json& check : json.at("checks")) {
    if (check.at("verdict") == verdict) ids.insert(check.at("id").get<std::string>());
  }
  return ids;
}

std::set<std::string> SuiteRun::failed() const {
  std::set<std::string> ids = with("fail");
  for (const Json& check : json.at("checks")) {
    if (check.at("accepted")) ids.erase(check.at("id").get<std::string>());
  }
  return ids;
}

Json SuiteRun::check(const std::string& id) const {
  for (const Json& one : json.at("checks")) {
    if (one.at("id") == id) return one;
  }
  return nullptr;
}

std::string SuiteRun::verdict(const std::string& id) const {
  const Json one = check(id);
  return one.is_null() ? "did not run" : one.at("verdict").get<std::string>();
}

Words accepting(const std::set<std::string>& ids) {
  Words words;
  for (const std::string& id : ids) words.insert(words.end(), {"--accept", id});
  return words;
}

SuiteTest::SuiteTest()
    : key_(test::self_signed(dir_, test::KeyType::p256, "localhost")),
      backup_(test::self_signed(dir_, test::KeyType::p256, "localhost")) {}

SuiteRun SuiteTest::run(std::uint16_t port, const Words& more) {
  const auto report = dir_.path() / "report.json";
  std::filesystem::remove(report);
  std::vector<std::string> words{HOLDFAST_BROKER_TEST,
                                 "--broker",
                                 "mqtts://localhost:" + std::to_string(port),
                                 "--pin",
                                 key_.pin,
                                 "--json",
                                 report.string()};
  if (knows_backup_) words.insert(words.end(), {"--backup-pin", backup_.pin});
  words.insert(words.end(), more.begin(), more.end());
  const auto result = test::run(words, kRunBound);
  SuiteRun run{result.status, result.output, nullptr};
  if (std::filesystem::exists(report)) run.json = Json::parse(test::read_file(report));
  return run;
}

std::unique_ptr<test::Mosquitto> SuiteTest::make_broker(test::MosquittoOptions options) {
  if (!options.tls) options.tls = key_;
  auto broker = std::make_unique<test::Mosquitto>(std::move(options));
  broker->start();
  return broker;
}

}  // namespace holdfast::broker_test
