#include "command.hpp"

#include <cstdio>

namespace holdfast::cli {
namespace {

std::string sentence(std::string_view what, std::string_view value, std::string_view mend) {
  std::string text(what);
  if (!value.empty()) text.append(" (").append(value).append(")");
  if (!mend.empty()) text.append("; ").append(mend);
  return text;
}

}  // namespace

CommandError::CommandError(ExitCode code, std::string_view what, std::string_view value,
                           std::string_view mend)
    : std::runtime_error(sentence(what, value, mend)), code_(code) {}

void refuse(std::string_view what, std::string_view value, std::string_view mend) {
  throw CommandError(kUsage, what, value, mend);
}

std::string why_negative(const std::string& text) {
  return text.starts_with('-') ? text + " is below 0" : "";
}

void note(std::string_view command, std::string_view text) {
  std::fprintf(stderr, "holdfast %.*s: %.*s\n", static_cast<int>(command.size()), command.data(),
               static_cast<int>(text.size()), text.data());
}

}  // namespace holdfast::cli
