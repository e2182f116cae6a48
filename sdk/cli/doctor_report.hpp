// What `holdfast doctor` has found: a line for each step as it ends, or one JSON object at the end.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "command.hpp"

namespace holdfast::cli {

enum class Finding {
  good,
  costs,  ///< it works, and takes more bytes or time than it has to
  failed,
};

using Time = std::chrono::steady_clock::duration;

/// One step on the way to the broker.
struct Step {
  std::string name;
  Finding finding = Finding::good;
  std::string what;                      ///< what was found; of a failure the cause
  std::string mend;                      ///< what makes it good; empty: nothing to do
  std::optional<Time> time{};            ///< that it took
  std::optional<std::uint64_t> bytes{};  ///< of IP packets, both ways, that it took
  nlohmann::ordered_json facts{};        ///< more of it for a script
};

class Report {
 public:
  enum class Form { table, json };

  Report(Form form, std::string broker);

  void add(Step step);
  /// Something that a person needs at the end: the pin that was seen, and what to do with it.
  void add_advice(std::string text);
  void set_pin(std::string pin) { pin_ = std::move(pin); }

  /// The last line, or the object. @param bytes of IP packets in all
  void finish(ExitCode code, std::uint64_t bytes);

  bool failed() const { return failed_; }

 private:
  void print_line(const Step& step) const;
  void print_wrapped(std::string_view text, std::string_view style) const;
  std::string styled(std::string_view text, std::string_view style) const;

  const Form form_;
  const std::string broker_;
  bool colour_ = false;
  std::size_t width_ = 0;  // of the terminal; 0: none
  bool failed_ = false;
  std::size_t costs_ = 0;
  std::string pin_;
  nlohmann::ordered_json steps_ = nlohmann::ordered_json::array();
  std::vector<std::string> advice_;
};

}  // namespace holdfast::cli
