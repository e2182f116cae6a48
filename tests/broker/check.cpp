#include "check.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::broker_test {

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "pass";
    case Verdict::figure:
      return "figure";
    case Verdict::warning:
      return "warning";
    case Verdict::fail:
      return "fail";
    case Verdict::not_applicable:
      break;
  }
  return "not_applicable";
}

std::string Check::group() const {
  const std::string_view all = id;
  return std::string(all.substr(0, all.find('.')));
}

void Finding::raise(Verdict verdict) {
  said_ = true;
  verdict_ = std::max(verdict_, verdict);
}

void Finding::figure(std::string name, double value, std::string unit) {
  figures_.push_back({std::move(name), value, std::move(unit)});
}

void Finding::pass(std::string what) {
  raise(Verdict::pass);
  saw(std::move(what));
}

void Finding::warn(std::string what) {
  raise(Verdict::warning);
  saw(std::move(what));
}

void Finding::fail(std::string what) {
  raise(Verdict::fail);
  saw(std::move(what));
}

bool Finding::expect(bool holds, const std::string& otherwise) {
  if (!holds) fail(otherwise);
  return holds;
}

void Finding::not_applicable(std::string why) {
  raise(Verdict::not_applicable);
  saw(std::move(why));
}

}  // namespace holdfast::broker_test
