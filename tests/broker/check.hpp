// What a check is, and what it finds.

#pragma once

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::broker_test {

class Stage;

enum class Verdict {
  not_applicable,  ///< this broker, or this call, has nothing to check; the evidence says why
  pass,
  figure,   ///< there is nothing to pass or to fail: the figures are what it is about
  warning,  ///< allowed, but a fleet pays for it
  fail,
};

/// The name of a verdict as it is written above.
std::string_view to_string(Verdict verdict);

struct Figure {
  std::string name;  ///< "tickets", "resumed_share"
  double value = 0;
  std::string unit;  ///< "bytes", "ms"; empty for a count
};

/// What a check needs besides a broker that can be reached; without it the check does not apply.
enum class Need : unsigned {
  nothing = 0,
  mqtt5 = 1,
  second_broker = 2,
  restart_command = 4,
  invasive = 8,      ///< it may trip alarms and bans: on loopback, or with --invasive
  credentials = 16,  ///< a user name and a password, or a client certificate
  load = 32,
  tls_1_3 = 64,  ///< the SDK's own device speaks nothing else
};

constexpr Need operator|(Need one, Need other) {
  return static_cast<Need>(static_cast<unsigned>(one) | static_cast<unsigned>(other));
}
constexpr bool includes(Need all, Need one) {
  return (static_cast<unsigned>(all) & static_cast<unsigned>(one)) != 0;
}

/// The mend, broker by broker where it is known.
struct Setting {
  const char* broker;  ///< "mosquitto", "EMQX", "HiveMQ", "RabbitMQ", "NanoMQ"; "" for all
  const char* text;
};

class Finding;

/// What the broker need not offer, and has said that it does not: the check does not apply.
class NotOffered : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Check {
  const char* id;         ///< "economy.resumption": the group, a dot, and the name
  const char* title;      ///< what holds where it passes
  const char* reference;  ///< the normative statement, or "practice"
  const char* meaning;    ///< what it is for a fleet if it does not hold
  std::vector<Setting> settings{};
  Need needs = Need::nothing;
  std::chrono::seconds limit{20};
  void (*run)(Stage&, Finding&) = nullptr;

  std::string group() const;
};

/// What one check has found so far. The worst verdict counts.
class Finding {
 public:
  /// Something that was seen, for whoever wants to know how the verdict came about.
  void saw(std::string what) { evidence_.push_back(std::move(what)); }
  void figure(std::string name, double value, std::string unit = {});

  void pass(std::string what);
  void warn(std::string what);
  void fail(std::string what);
  /// `fail(otherwise)` unless it holds. @return whether it holds
  bool expect(bool holds, const std::string& otherwise);
  void not_applicable(std::string why);
  /// For checks that measure and do not judge.
  void only_figures() { raise(Verdict::figure); }

  /// `pass` where nothing was said.
  Verdict verdict() const { return said_ ? verdict_ : Verdict::pass; }
  const std::vector<Figure>& figures() const { return figures_; }
  const std::vector<std::string>& evidence() const { return evidence_; }

 private:
  void raise(Verdict verdict);

  bool said_ = false;
  Verdict verdict_ = Verdict::not_applicable;
  std::vector<Figure> figures_;
  std::vector<std::string> evidence_;
};

/// A check that was run.
struct Result {
  const Check* check = nullptr;
  Finding finding;
  std::chrono::milliseconds took{0};
  bool accepted = false;  ///< its failure is known and taken

  bool fails() const { return finding.verdict() == Verdict::fail && !accepted; }
  bool wants_mending() const {
    return finding.verdict() == Verdict::fail || finding.verdict() == Verdict::warning;
  }
};

}  // namespace holdfast::broker_test
