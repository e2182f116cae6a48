// holdfast-broker-test: will this broker serve a fleet of devices with pinned keys well?

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <fstream>
#include <string>

#include <holdfast/version.hpp>

#include "catalogue.hpp"
#include "preflight.hpp"
#include "report/html_report.hpp"
#include "report/json_report.hpp"
#include "report/progress.hpp"
#include "runner.hpp"
#include "wire/interruption.hpp"

namespace {

using namespace holdfast::broker_test;

std::string now_as_text() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

void list_checks() {
  for (const Check& check : catalogue()) {
    std::printf("%-36s %s (%s)\n", check.id, check.title, check.reference);
  }
  std::printf("%zu checks\n", catalogue().size());
}

// @return false, and a complaint, where it cannot be written
bool write_report(const std::string& file, const std::string& content) {
  if (file.empty()) return true;
  std::ofstream stream(file, std::ios::binary);
  stream << content;
  stream.flush();
  if (stream) return true;
  std::fprintf(stderr, "holdfast-broker-test: %s cannot be written\n", file.c_str());
  return false;
}

// GoogleTest is told what our own options say; its other ones are in its environment variables.
void set_up_googletest(const SuiteOptions& options, Runner& runner) {
  // Its listener for the file is made when it is initialised.
  if (!options.junit_file.empty()) GTEST_FLAG_SET(output, "xml:" + options.junit_file);
  int argc = 1;
  char name[] = "holdfast-broker-test";
  char* argv[] = {name, nullptr};
  testing::InitGoogleTest(&argc, argv);
  GTEST_FLAG_SET(filter, options.filter);
  auto& listeners = testing::UnitTest::GetInstance()->listeners();
  delete listeners.Release(listeners.default_result_printer());
  auto* progress = new Progress(runner, ::isatty(STDOUT_FILENO) == 1);
  runner.on_progress([progress](unsigned done, unsigned all) { progress->bar(done, all); });
  listeners.Append(progress);  // which owns it
}

int run(const SuiteOptions& options) {
  const Preflight preflight = look_at(options);
  if (preflight.result != kDone) {
    std::fprintf(stderr, "holdfast-broker-test: %s\n", preflight.complaint.c_str());
    return preflight.result;
  }
  RunFacts facts{.broker = options.broker.text(),
                 .mqtt = preflight.broker.version == Version::v5 ? "5" : "3.1.1",
                 .began = now_as_text(),
                 .version = std::string(holdfast::version())};
  const auto began = Clock::now();
  Runner runner(options, preflight.broker);
  set_up_googletest(options, runner);
  runner.enrol(catalogue());
  // It is not 0 as well where a JUnit file cannot be written.
  const bool tests_passed = RUN_ALL_TESTS() == 0;
  facts.seconds = std::chrono::duration<double>(Clock::now() - began).count();
  facts.interrupted = interrupted();
  const Tally tally = tally_of(runner.results());
  std::printf("%s\n", summary_of(tally).c_str());
  const bool written = write_report(options.json_file, json_report(facts, runner.results())) &&
                       write_report(options.html_file, html_report(facts, runner.results()));
  if (runner.results().empty()) {
    std::fprintf(stderr, "holdfast-broker-test: no check matches --gtest_filter=%s; see --list\n",
                 options.filter.c_str());
    return kUsage;
  }
  if (facts.interrupted) return kInterrupted;
  if (!written) return kUsage;
  return tests_passed && tally.failed == 0 ? kDone : kCheckFailed;
}

}  // namespace

int main(int argc, char** argv) {
  watch_for_interruption();
  int exit_code = kDone;
  const auto options = read_options(argc, argv, exit_code);
  if (!options) return exit_code;
  if (options->list) {
    list_checks();
    return kDone;
  }
  return run(*options);
}
