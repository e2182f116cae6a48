#include "runner.hpp"

#include <gtest/gtest.h>

#include <array>
#include <exception>
#include <utility>

#include "crypto/random.hpp"
#include "wire/interruption.hpp"
#include "wire/peer_error.hpp"

namespace holdfast::broker_test {
namespace {

std::string name_of_run() {
  static constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz234567";
  std::array<std::uint8_t, 6> random{};
  crypto::fill_with_random(random);
  std::string name;
  for (const std::uint8_t byte : random) name += kLetters[byte % kLetters.size()];
  return name;
}

std::string why_not(const Check& check, const SuiteOptions& options, const Broker& broker) {
  const auto needs = [&](Need need) { return includes(check.needs, need); };
  if (needs(Need::mqtt5) && broker.version != Version::v5) return "the broker speaks MQTT 3.1.1";
  if (needs(Need::tls_1_3) && !broker.tls_1_3) return "the broker does not speak TLS 1.3";
  if (needs(Need::second_broker) && !options.second_broker) return "give --second-broker";
  if (needs(Need::restart_command) && options.restart_command.empty()) {
    return "give --restart-command";
  }
  if (needs(Need::credentials) && options.username.empty() && options.certificate_file.empty()) {
    return "give --username and --password-file, or --cert and --key";
  }
  if (needs(Need::load) && options.load == Load::none) return "give --load quick or --load fleet";
  if (needs(Need::invasive) && !broker.loopback && !options.invasive) {
    return "it may set off the broker's bans and alarms: give --invasive";
  }
  return {};
}

void perform(const Check& check, Stage& stage, Finding& finding) {
  try {
    check.run(stage, finding);
  } catch (const Interrupted&) {
    finding.not_applicable("interrupted");
  } catch (const NotOffered& error) {
    finding.not_applicable(error.what());
  } catch (const IdentityRefused& error) {
    finding.fail(error.what());
  } catch (const PeerError& error) {
    finding.fail(error.what());
  } catch (const Malformed& error) {
    finding.fail(std::string("the broker broke a rule: ") + error.what());
  } catch (const std::exception& error) {
    finding.fail(std::string("the check could not go on: ") + error.what());
  }
}

class CheckTest : public testing::Test {
 public:
  CheckTest(Runner& runner, const Check& check) : runner_(runner), check_(check) {}

  void TestBody() override {
    const Result& result = runner_.run(check_);
    const auto& evidence = result.finding.evidence();
    RecordProperty("verdict", std::string(to_string(result.finding.verdict())));
    for (const Figure& figure : result.finding.figures()) {
      RecordProperty(figure.name, std::to_string(figure.value) + " " + figure.unit);
    }
    std::string all;
    for (const std::string& line : evidence) all += line + "\n";
    if (result.fails()) ADD_FAILURE() << check_.title << "\n" << all;
    if (result.accepted) GTEST_SKIP() << "failed, and accepted\n" << all;
    if (result.finding.verdict() == Verdict::not_applicable) GTEST_SKIP() << all;
  }

 private:
  Runner& runner_;
  const Check& check_;
};

}  // namespace

Runner::Runner(const SuiteOptions& options, const Broker& broker)
    : options_(options), broker_(broker), name_(name_of_run()) {}

void Runner::enrol(const std::vector<Check>& checks) {
  for (const Check& check : checks) {
    const std::string group = check.group();
    const std::string name = std::string(check.id).substr(group.size() + 1);
    testing::RegisterTest(
        group.c_str(), name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
        [this, &check]() -> testing::Test* { return new CheckTest(*this, check); });
  }
}

const Result& Runner::run(const Check& check) {
  Result& result = results_.emplace_back();
  result.check = &check;
  const auto began = Clock::now();
  if (interrupted()) {
    result.finding.not_applicable("interrupted before it began");
  } else if (const std::string why = why_not(check, options_, broker_); !why.empty()) {
    result.finding.not_applicable(why);
  } else {
    Stage stage(options_, broker_, name_, check.id, Deadline(check.limit));
    stage.on_progress(on_progress_);
    perform(check, stage, result.finding);
    for (const std::string& left : stage.clear_away()) result.finding.saw(left);
  }
  result.accepted =
      result.finding.verdict() == Verdict::fail && options_.accepted.contains(check.id);
  result.took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began);
  return result;
}

}  // namespace holdfast::broker_test
