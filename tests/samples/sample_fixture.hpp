// Runs the samples as they are shipped, against a real broker.

#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/keys.hpp"
#include "support/mosquitto.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::test {

using namespace std::chrono_literals;

/// How long anything may take before a test fails: far above what it takes, also under a sanitizer.
inline constexpr auto kBound = 60s;

using Words = std::vector<std::string>;
using Variables = std::vector<std::pair<std::string, std::string>>;

/// With a broker whose sessions outlive it, its key and a backup key.
class SampleTest : public ::testing::Test {
 protected:
  SampleTest();

  /// Starts a program with the way to the broker, and a reconnection that a test can wait for.
  std::unique_ptr<Process> start(const std::string& program, const Words& more,
                                 Variables environment = {}) const;
  /// The same without a way to anywhere, until its end.
  static RunResult run_to_end(const std::string& program, const Words& words);
  std::string url() const { return "mqtts://127.0.0.1:" + std::to_string(broker_.tls_port()); }
  std::string path(const std::string& name) const { return (dir_.path() / name).string(); }

  TempDir dir_;
  Identity key_;
  Identity backup_;
  Mosquitto broker_;
};

}  // namespace holdfast::test
