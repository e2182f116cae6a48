#include "samples/sample_fixture.hpp"

namespace holdfast::test {

SampleTest::SampleTest()
    : key_(self_signed(dir_, KeyType::p256, "localhost")),
      backup_(self_signed(dir_, KeyType::p256, "localhost")),
      broker_({.tls = key_, .persistence_dir = dir_.path() / "broker"}) {
  broker_.start();
}

std::unique_ptr<Process> SampleTest::start(const std::string& program, const Words& more,
                                           Variables environment) const {
  Words argv{program, "--broker", url(), "--pin", key_.pin, "--pin", backup_.pin};
  argv.insert(argv.end(), more.begin(), more.end());
  environment.emplace_back("HOLDFAST_BACKOFF_BASE", "100ms");
  environment.emplace_back("HOLDFAST_BACKOFF_CAP", "500ms");
  return Process::spawn(std::move(argv),
                        {.environment = std::move(environment), .working_directory = dir_.path()});
}

RunResult SampleTest::run_to_end(const std::string& program, const Words& words) {
  Words argv{program};
  argv.insert(argv.end(), words.begin(), words.end());
  return run(std::move(argv), kBound);
}

}  // namespace holdfast::test
