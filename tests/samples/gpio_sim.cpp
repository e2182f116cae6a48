#include "samples/gpio_sim.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <system_error>

#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace holdfast::test {
namespace {

const std::filesystem::path kConfigfs = "/sys/kernel/config";
const std::filesystem::path kRoot = kConfigfs / "gpio-sim";

std::string value_of(const std::filesystem::path& file) {
  std::string text = read_file(file);
  text.erase(
      std::find_if(text.begin(), text.end(), [](unsigned char c) { return std::isspace(c) != 0; }),
      text.end());
  return text;
}

}  // namespace

std::string GpioSim::unavailable() {
  if (::geteuid() != 0) return "only root may make a chip of gpio-sim";
  if (std::filesystem::exists(kRoot)) return "";
  using namespace std::chrono_literals;
  // Each may fail: what counts is what is there afterwards.
  for (const auto& attempt :
       {std::vector<std::string>{"modprobe", "gpio-sim"},
        std::vector<std::string>{"mount", "-t", "configfs", "none", kConfigfs.string()}}) {
    try {
      run(attempt, 10s);
    } catch (const std::runtime_error&) {
      continue;
    }
    if (std::filesystem::exists(kRoot)) return "";
  }
  return "this kernel has no gpio-sim (CONFIG_GPIO_SIM and CONFIG_CONFIGFS_FS)";
}

GpioSim::GpioSim() : config_(kRoot / ("holdfast-" + std::to_string(::getpid()))) {
  std::filesystem::create_directories(config_ / "bank0");
  write_file(config_ / "bank0/num_lines", "1\n");
  write_file(config_ / "live", "1\n");
  chip_ = value_of(config_ / "bank0/chip_name");
  const std::string device = value_of(config_ / "dev_name");
  value_ = std::filesystem::path("/sys/devices/platform") / device / chip_ / "sim_gpio0/value";
  if (!std::filesystem::exists(value_)) throw std::runtime_error("no " + value_.string());
}

GpioSim::~GpioSim() {
  try {
    write_file(config_ / "live", "0\n");
  } catch (const std::runtime_error&) {
    return;  // the directories cannot be removed then
  }
  std::error_code ignored;
  std::filesystem::remove(config_ / "bank0", ignored);
  std::filesystem::remove(config_, ignored);
}

bool GpioSim::is_on() const {
  return value_of(value_) == "1";
}

}  // namespace holdfast::test
