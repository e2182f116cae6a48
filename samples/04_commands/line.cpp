#include "line.hpp"

#include <charconv>
#include <optional>
#include <stdexcept>

namespace commands {
namespace {

constexpr std::string_view kFile = "file:";
constexpr std::string_view kChip = "gpiochip";
constexpr std::string_view kDevices = "/dev/";

std::optional<unsigned> parse_number(std::string_view text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

[[noreturn]] void refuse(const std::string& spec) {
  throw std::runtime_error("--line \"" + spec +
                           "\" is no line; write gpiochip0:17, or file:/run/pump where there is "
                           "no chip");
}

}  // namespace

std::unique_ptr<Line> open_line(const std::string& spec) {
  if (spec.starts_with(kFile)) {
    if (spec.size() == kFile.size()) refuse(spec);
    return open_file_line(spec.substr(kFile.size()));
  }
  const std::size_t colon = spec.rfind(':');
  if (colon == spec.npos) refuse(spec);
  std::string chip = spec.substr(0, colon);
  const auto offset = parse_number(std::string_view(spec).substr(colon + 1));
  if (!chip.starts_with(kDevices)) chip.insert(0, kDevices);
  const auto number = std::string_view(chip).substr(kDevices.size());
  if (!offset || !number.starts_with(kChip) || !parse_number(number.substr(kChip.size()))) {
    refuse(spec);
  }
  return open_gpio_line(chip, *offset);
}

}  // namespace commands
