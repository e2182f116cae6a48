// Passwords come from files: on the command line everybody who may run ps would see them.

#pragma once

#include <string>

namespace holdfast::cli {

/// The first line of a file; empty without one. What others can read is told on stderr.
/// @param command names the sub-command, `option` what named the file, `what` the line
/// @throws CommandError
std::string read_secret(const std::string& command, const std::string& option,
                        const std::string& file, const std::string& what);

}  // namespace holdfast::cli
