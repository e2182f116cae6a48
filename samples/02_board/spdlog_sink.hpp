// The log by way of spdlog: lines with a date and a level, coloured on a terminal. The journal has
// dates of its own, and gets each line's level as it wants it (sd-daemon(3)).

#pragma once

#include <cstdio>

#include "common/event_log.hpp"

namespace board {

/// @param out stdout or stderr
sample::EventLog::Sink spdlog_sink(std::FILE* out);

}  // namespace board
