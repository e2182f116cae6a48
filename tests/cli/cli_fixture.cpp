#include "cli/cli_fixture.hpp"

#include <utility>

namespace holdfast::test {

CliResult CliTest::cli(const Words& words, std::string_view input) {
  const auto in = dir_.write("stdin", input);
  Words argv{"sh", "-c", R"(cd "$0" && exec "$@" <stdin >stdout 2>stderr)", dir_.path().string(),
             HOLDFAST_CLI};
  argv.insert(argv.end(), words.begin(), words.end());
  const RunResult result = run(std::move(argv), kBound);
  return {.status = result.status, .out = content("stdout"), .err = content("stderr")};
}

std::unique_ptr<Process> CliTest::start_cli(const Words& words) {
  Words argv{HOLDFAST_CLI};
  argv.insert(argv.end(), words.begin(), words.end());
  return Process::spawn(std::move(argv), {.working_directory = dir_.path(),
                                          .input = ProcessOptions::Input::kKeptOpen});
}

std::string CliTest::shell(const std::string& line) {
  const RunResult result = run(
      {"sh", "-c", "cd \"$0\" && H=\"$1\" && " + line, dir_.path().string(), HOLDFAST_CLI}, kBound);
  EXPECT_EQ(result.status, 0) << line << ":\n" << result.output;
  return result.output;
}

BrokerCliTest::BrokerCliTest()
    : key_(self_signed(dir_, KeyType::p256, "localhost")),
      backup_(self_signed(dir_, KeyType::p256, "localhost")) {}

std::unique_ptr<Mosquitto> BrokerCliTest::make_broker(MosquittoOptions options) {
  if (!options.tls) options.tls = key_;
  auto broker = std::make_unique<Mosquitto>(std::move(options));
  broker->start();
  return broker;
}

Words BrokerCliTest::words(const std::string& command, std::uint16_t port,
                           const Words& more) const {
  Words all{command, "--broker", "mqtts://127.0.0.1:" + std::to_string(port), "--pin", key_.pin,
            "--pin", backup_.pin};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace holdfast::test
