// bill: what was counted, as a table, with what a month would take and cost by the arithmetic of
// `holdfast plan`.
//
//   bill --price 2 NAME:READINGS:MESSAGES:BYTES:BYTES-WITHOUT-READINGS …
//
// The first two are the ways of today, by HTTPS and by MQTT. A month is a reading each 30 s and a
// reconnection each hour. Exit codes: 0, 2 usage.

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "common/connection.hpp"
#include "economics/month.hpp"

namespace {

using namespace std::chrono_literals;

constexpr holdfast::economics::Workload kWorkload{
    .every = 30s, .days = 30, .reconnects_per_day = 24};

struct Step {
  std::string name;
  double readings = 0;
  double messages = 0;
  double bytes = 0;
  double empty_bytes = 0;  // of a run that sends nothing: connect, log in, close
};

Step parse_step(const std::string& text) {
  Step step;
  std::array<double*, 4> numbers{&step.readings, &step.messages, &step.bytes, &step.empty_bytes};
  std::size_t at = text.find(':');
  step.name = text.substr(0, at);
  for (double* const number : numbers) {
    if (at == text.npos) throw std::runtime_error(text + ": five parts are needed");
    const std::size_t end = text.find(':', at + 1);
    const std::string_view part =
        std::string_view(text).substr(at + 1, end == text.npos ? text.npos : end - at - 1);
    const auto [stop, error] = std::from_chars(part.data(), part.data() + part.size(), *number);
    if (error != std::errc() || stop != part.data() + part.size() || *number < 0) {
      throw std::runtime_error(text + ": \"" + std::string(part) + "\" is no number");
    }
    at = end;
  }
  if (step.readings < 1 || step.messages < 1 || step.bytes <= 0) {
    throw std::runtime_error(text + ": nothing was counted");
  }
  return step;
}

double month_bytes(const Step& step) {
  // A way whose set-up has no packet is one that connects for each message.
  const holdfast::economics::Cost set_up{.bytes_up = step.empty_bytes,
                                         .packets_up = step.empty_bytes > 0 ? 1.0 : 0.0};
  // Each set-up counts as a full one; Holdfast resumes most, and so takes less than this says.
  const holdfast::economics::Profile profile{
      .readings_per_message = step.readings / step.messages,
      .message = {.bytes_up = (step.bytes - step.empty_bytes) / step.messages},
      .full_set_up = set_up,
      .set_up = set_up};
  return holdfast::economics::month_of(kWorkload, profile).all().bytes();
}

void print(const std::vector<Step>& steps, double price) {
  std::printf("%-20s %8s %8s %9s %7s %7s %9s %8s\n", "step", "messages", "bytes", "a reading",
              "HTTPS /", "MQTT /", "MB/month", "cost");
  for (const Step& step : steps) {
    const double megabytes = month_bytes(step) / 1e6;
    std::printf("%-20s %8.0f %8.0f %9.1f %7.1f %7.1f %9.1f %8.2f\n", step.name.c_str(),
                step.messages, step.bytes, step.bytes / step.readings, steps[0].bytes / step.bytes,
                steps[1].bytes / step.bytes, megabytes, megabytes * price);
  }
}

int run(int argc, char** argv) {
  double price = 0;
  std::vector<std::string> texts;
  CLI::App app("Makes a table of what was counted.", "bill");
  app.add_option("--price", price, "of a megabyte")->required();
  app.add_option("step", texts, "NAME:READINGS:MESSAGES:BYTES:BYTES-WITHOUT-READINGS")
      ->required()
      ->expected(2, 20);
  int exit = sample::kDone;
  if (!sample::parse_command_line(app, argc, argv, exit)) return exit;
  std::vector<Step> steps;
  for (const std::string& text : texts) steps.push_back(parse_step(text));
  print(steps, price);
  return sample::kDone;
}

}  // namespace

int main(int argc, char** argv) {
  return sample::run_guarded("bill", [&] { return run(argc, argv); });
}
