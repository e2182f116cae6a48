// An error with the sentence that goes with it, as rooms hand it to each other.

#pragma once

#include <string>
#include <system_error>
#include <utility>

#include <holdfast/error.hpp>

namespace holdfast {

struct Failure {
  std::error_code error;
  std::string detail;

  Failure() = default;
  Failure(Errc errc, std::string text) : error(errc), detail(std::move(text)) {}

  explicit operator bool() const noexcept { return static_cast<bool>(error); }
};

}  // namespace holdfast
