#include "ignition.hpp"

#include <fstream>
#include <string>
#include <utility>

namespace vehicle {
namespace {

// Half a second less of a supply that lasts for half a minute.
constexpr std::chrono::milliseconds kLook{500};

}  // namespace

bool says_off(const std::string& text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == text.npos || text[begin] != '0') return false;
  return text.find_first_not_of(" \t\r\n", begin + 1) == text.npos;
}

Ignition::Ignition(std::filesystem::path file) : file_(std::move(file)) {
  if (file_.empty()) return;
  look_.after(std::chrono::milliseconds(0));
}

bool Ignition::is_off() {
  if (!look_.fired()) return is_off_;
  std::ifstream in(file_);
  std::string text;
  std::getline(in, text);
  is_off_ = says_off(text);
  look_.after(kLook);
  return is_off_;
}

}  // namespace vehicle
