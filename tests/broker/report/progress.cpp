#include "report/progress.hpp"

#include <cstdio>
#include <string>

namespace holdfast::broker_test {
namespace {

std::string figures_of(const Finding& finding) {
  std::string text;
  for (const Figure& figure : finding.figures()) {
    char value[64];
    std::snprintf(value, sizeof value, "%.6g", figure.value);
    text += (text.empty() ? "" : ", ") + figure.name + " " + value +
            (figure.unit.empty() ? "" : " " + figure.unit);
  }
  return text;
}

// Control characters of a broker's words must not steer a terminal.
std::string printable(std::string text) {
  for (char& one : text) {
    if (static_cast<unsigned char>(one) < 0x20 || one == 0x7F) one = '?';
  }
  return text;
}

}  // namespace

void Progress::OnTestStart(const testing::TestInfo& test) {
  running_ = std::string(test.test_suite_name()) + "." + test.name();
  percent_ = 0;
  if (!terminal_) return;
  std::printf("\r\033[K   …  %s", running_.c_str());
  std::fflush(stdout);
}

void Progress::bar(unsigned done, unsigned all) {
  const std::lock_guard lock(mutex_);
  const unsigned percent = all == 0 ? 0 : 100 * done / all;
  if (!terminal_ || percent <= percent_) return;
  percent_ = percent;
  constexpr unsigned kWidth = 30;
  const unsigned filled = kWidth * percent / 100;
  std::printf("\r\033[K   …  %-28s [%s%s] %u %%", running_.c_str(),
              std::string(filled, '#').c_str(), std::string(kWidth - filled, ' ').c_str(), percent);
  std::fflush(stdout);
}

void Progress::OnTestEnd(const testing::TestInfo&) {
  if (terminal_) std::printf("\r\033[K");
  const Result& result = runner_.results().back();
  static constexpr const char* kSigns[] = {"  --  ", " pass ", "figure", " warn ", " FAIL "};
  const auto verdict = result.finding.verdict();
  const char* const sign = result.accepted ? "(fail)" : kSigns[static_cast<std::size_t>(verdict)];
  std::printf("%s %-36s %s\n", sign, result.check->id, result.check->title);
  if (const std::string figures = figures_of(result.finding); !figures.empty()) {
    std::printf("       %s\n", figures.c_str());
  }
  if (result.wants_mending() || verdict == Verdict::not_applicable) {
    for (const std::string& line : result.finding.evidence()) {
      std::printf("       %s\n", printable(line).c_str());
    }
  }
  std::fflush(stdout);
}

}  // namespace holdfast::broker_test
