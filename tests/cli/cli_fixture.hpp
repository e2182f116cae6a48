// Runs the real `holdfast` binary, with stdout and stderr apart.

#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support/keys.hpp"
#include "support/mosquitto.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::test {

using namespace std::chrono_literals;

/// How long anything may take before a test fails: far above what it takes, also under a sanitizer.
inline constexpr auto kBound = 60s;

struct CliResult {
  int status = -1;
  std::string out;
  std::string err;

  bool says(std::string_view text) const { return err.find(text) != std::string::npos; }
};

using Words = std::vector<std::string>;

class CliTest : public ::testing::Test {
 protected:
  /// Runs `holdfast WORDS…` in the test's directory, with `input` as stdin.
  CliResult cli(const Words& words, std::string_view input = {});
  /// The same in the background, with a stdin that stays open.
  std::unique_ptr<Process> start_cli(const Words& words);
  /// Runs a line of shell in the test's directory; $H is the command. It must succeed.
  std::string shell(const std::string& line);

  std::string path(const std::string& name) const { return (dir_.path() / name).string(); }
  std::string content(const std::string& name) const { return read_file(dir_.path() / name); }
  bool there(const std::string& name) const { return std::filesystem::exists(dir_.path() / name); }

  TempDir dir_;
};

/// With a broker's key and a backup key, and words that name them.
class BrokerCliTest : public CliTest {
 protected:
  BrokerCliTest();

  std::unique_ptr<Mosquitto> make_broker(MosquittoOptions options = {});
  /// `COMMAND --broker … --pin … --pin …` and then `more`.
  Words words(const std::string& command, std::uint16_t port, const Words& more) const;

  Identity key_;
  Identity backup_;
};

}  // namespace holdfast::test
