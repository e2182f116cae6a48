#include "package/install_fixture.hpp"

#include <regex>

#include "support/keys.hpp"
#include "support/mosquitto.hpp"
#include "support/subscriber.hpp"

namespace holdfast::test {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

std::string InstallTest::must(const Words& words, const ProcessOptions& options,
                              std::chrono::milliseconds bound) {
  const RunResult result = run(words, bound, options);
  if (result.status != 0) {
    throw std::runtime_error(words.front() + " ended with " + std::to_string(result.status) +
                             ":\n" + result.output);
  }
  return result.output;
}

void InstallTest::install() {
  for (const char* component : {"runtime", "development"}) {
    must({HOLDFAST_CMAKE, "--install", HOLDFAST_BUILD_DIR, "--prefix", prefix().string(),
          "--component", component, "--strip"});
  }
}

fs::path InstallTest::library_dir() const {
  return prefix() / HOLDFAST_LIBDIR;
}

fs::path InstallTest::build_consumer(const Words& definitions, std::chrono::milliseconds bound) {
  const fs::path build = dir_.path() / "consumer";
  Words configure{HOLDFAST_CMAKE,
                  "-S",
                  HOLDFAST_SOURCE_DIR "/tests/package/consumer",
                  "-B",
                  build.string(),
                  "-G",
                  HOLDFAST_GENERATOR,
                  "-DCMAKE_CXX_COMPILER=" HOLDFAST_CXX,
                  "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"};
  configure.insert(configure.end(), definitions.begin(), definitions.end());
  must(configure);
  must({HOLDFAST_CMAKE, "--build", build.string()}, {}, bound);
  return build / "consumer";
}

void InstallTest::expect_works(const fs::path& consumer) {
  const Identity key = self_signed(dir_, KeyType::p256, "localhost");
  const Identity backup = self_signed(dir_, KeyType::p256, "localhost");
  const Identity foreign = self_signed(dir_, KeyType::p256, "localhost");
  Mosquitto broker({.tls = key});
  broker.start();
  const Subscriber subscriber({.port = broker.plain_port()});
  const std::string url = "mqtts://127.0.0.1:" + std::to_string(broker.tls_port());
  const ProcessOptions options{.environment = {{"LD_LIBRARY_PATH", library_dir().string()}}};

  const auto sent = run({consumer.string(), url, key.pin, backup.pin}, 60s, options);
  EXPECT_EQ(sent.status, 0) << sent.output;
  EXPECT_NE(sent.output.find("holdfast " HOLDFAST_VERSION ": delivered"), std::string::npos)
      << sent.output;
  ASSERT_TRUE(subscriber.wait_for_count(1, 10s));
  EXPECT_EQ(subscriber.messages().front().topic, "consumer/r");

  const auto unread = run({consumer.string(), url, "sha256/none", backup.pin}, 60s, options);
  EXPECT_EQ(unread.status, 3) << unread.output;  // the exception was caught by its type
  EXPECT_NE(unread.output.find("pins[0]"), std::string::npos) << unread.output;

  Process refused({consumer.string(), url, foreign.pin, backup.pin}, options);
  EXPECT_TRUE(refused.wait_for_line("key_refused", 60s)) << refused.output();
  EXPECT_EQ(subscriber.count(), 1U);
}

std::string InstallTest::needed_by(const fs::path& program) {
  const std::string dynamic = must({HOLDFAST_READELF, "-d", program.string()});
  static const std::regex entry(R"(\(NEEDED\)[^\[]*\[([^\]]+)\])");
  std::string names;
  for (std::sregex_iterator at(dynamic.begin(), dynamic.end(), entry), end; at != end; ++at) {
    names += (names.empty() ? "" : " ") + (*at)[1].str();
  }
  return names;
}

void InstallTest::expect_reads_config(const fs::path& consumer) {
  const std::string program = consumer.parent_path() / "configured";
  EXPECT_EQ(must({program}, {.environment = {{"HOLDFAST_DEVICE_CLIENT_ID", "truck-17"}}}),
            "truck-17\n");
  const auto file = dir_.write("device.toml", "[device]\nclient_id = \"truck-18\"\nx = 1\n");
  const RunResult refused = run({program, file.string()}, kBuildBound);
  EXPECT_EQ(refused.status, 3);
  EXPECT_NE(refused.output.find("device.toml:3: device.x"), std::string::npos) << refused.output;
}

}  // namespace holdfast::test
