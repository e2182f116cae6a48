#include "bench/speed/size.hpp"

#include <chrono>
#include <filesystem>
#include <sstream>

#include "bench/harness.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::bench {
namespace {

std::string output_of(const std::vector<std::string>& command) {
  const auto result = test::run(command, std::chrono::minutes(1));
  if (result.status != 0) give_up(command.front() + ": " + result.output);
  return result.output;
}

double kib_of(const std::filesystem::path& file) {
  return static_cast<double>(std::filesystem::file_size(file)) / 1024;
}

bool begins_with_one_of(const std::string& name, const std::vector<const char*>& beginnings) {
  for (const char* beginning : beginnings) {
    if (name.starts_with(beginning)) return true;
  }
  return false;
}

std::string program_with(const std::string& client) {
  if (client == "holdfast") return HOLDFAST_SIZE_HOLDFAST;
  if (client == "paho") return HOLDFAST_SIZE_PAHO;
  return HOLDFAST_SIZE_LIBMOSQUITTO;
}

}  // namespace

Size size_with(const std::string& client) {
  const test::TempDir dir;
  const std::string program = program_with(client);
  const std::string stripped = (dir.path() / "stripped").string();
  output_of({"strip", "-o", stripped, program});
  Size size{.program = kib_of(stripped)};
  std::istringstream lines(output_of({"ldd", program}));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name;
    std::string arrow;
    std::string file;
    if (!(words >> name >> arrow >> file) || arrow != "=>") continue;  // the loader, the vDSO
    if (begins_with_one_of(name, {"libc.so", "libm.so", "libpthread.so", "libdl.so", "librt.so"})) {
      continue;
    }
    if (begins_with_one_of(name, {"libstdc++.so", "libgcc_s.so"})) {
      size.cpp_runtime += kib_of(std::filesystem::canonical(file));
      continue;
    }
    size.libraries += kib_of(std::filesystem::canonical(file));
    size.names += (size.names.empty() ? "" : " ") + name.substr(0, name.find(".so"));
  }
  return size;
}

}  // namespace holdfast::bench
