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

  /// @param brokers how many there will be: of several each has a title
  Report(Form form, std::size_t brokers);

  /// The steps that follow are on the way to this one.
  void begin_broker(std::string url);
  void end_broker(ExitCode code);
  /// The steps that follow are those of the device that runs here.
  void begin_device();
  /// The steps that follow are this host's.
  void begin_host();

  void add(Step step);
  /// Something that a person needs at the end: the pin that was seen, and what to do with it.
  void add_advice(std::string text);
  /// The key that the present broker showed.
  void set_pin(std::string pin) { brokers_.back().pin = std::move(pin); }

  /// The last lines, or the object. @return the exit code: that of the first broker that failed
  ExitCode finish();

 private:
  /// What was found on the way to one broker.
  struct Way {
    std::string url;
    ExitCode code = kDone;
    std::string pin{};
    std::uint64_t bytes = 0;  // of IP, of all steps
    std::size_t costs = 0;    // steps
    bool failed = false;
    bool unconfirmed = false;
  };

  void print_title(const std::string& title);
  void print_line(const Step& step) const;
  void print_wrapped(std::string_view text, std::string_view style) const;
  void print_verdicts() const;
  void print_object(ExitCode code) const;
  std::string styled(std::string_view text, std::string_view style) const;

  const Form form_;
  const bool several_;
  bool colour_ = false;
  std::size_t width_ = 0;  // of the terminal; 0: none
  std::vector<Way> brokers_;
  bool titled_ = false;
  bool on_the_way_ = false;     // to the last of them
  std::size_t host_costs_ = 0;  // steps of this host's that cost
  nlohmann::ordered_json steps_ = nlohmann::ordered_json::array();
  std::vector<std::string> advice_;
};

}  // namespace holdfast::cli
