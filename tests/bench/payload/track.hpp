// The drive that readings are taken from (tests/data/drive).

#pragma once

#include <string>
#include <vector>

#include "bench/payload/contender.hpp"

namespace holdfast::bench {

/// Ends the program if the file is no track of some length.
std::vector<Reading> read_track(const std::string& file);

}  // namespace holdfast::bench
