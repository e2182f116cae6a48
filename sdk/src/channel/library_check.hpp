// Is the wolfSSL that is linked one whose verdict can be trusted?
//
// The build system has looked at the one that this was compiled with; at run time it may be
// another: a shared library is exchanged without asking.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <holdfast/options.hpp>

#include "base/failure.hpp"

namespace holdfast::channel {

/// What is known of the library. The numbers are wolfSSL's: 0x05005004 is 5.5.4.
struct LibraryFacts {
  std::uint32_t header_version = 0;
  std::uint32_t linked_version = 0;
  // Settings of the build, as the headers tell.
  bool tls13 = false;
  bool always_verify_callback = false;
  bool openssl_extra = false;
  bool ed25519 = false;
};

/// Of the headers that this was compiled with, and of the library that is linked.
LibraryFacts library_facts();

struct LibraryVerdict {
  std::vector<std::string> refusals;  ///< any of them: no device may start
  std::vector<std::string> warnings;  ///< for an operator
};

/// Pure: the same facts, the same verdict.
LibraryVerdict judge_library(const LibraryFacts& facts);

/// Lets the linked library shake hands in memory, with the right pin and with a wrong one.
/// @return why it cannot be trusted, or nothing. `warning` is set where it could not be tried.
std::string probe_library(std::string& warning);

/// All of it, the probe once in a process. @return the warnings.
/// @throws ConfigError for the field "wolfSSL" where the verdict is a refusal.
std::vector<std::string> check_library();

}  // namespace holdfast::channel
