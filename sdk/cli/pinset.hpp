// The sub-commands of `holdfast pinset`, one file each.

#pragma once

#include "command.hpp"

namespace holdfast::cli {

void add_pinset_new(CLI::App& pinset, Action& action);
void add_pinset_sign(CLI::App& pinset, Action& action);
void add_pinset_merge(CLI::App& pinset, Action& action);
void add_pinset_verify(CLI::App& pinset, Action& action);
void add_pinset_show(CLI::App& pinset, Action& action);
void add_pinset_check(CLI::App& pinset, Action& action);

}  // namespace holdfast::cli
