// A device's figures in Prometheus' text format, version 0.0.4 (docs/guides/observability.md names
// them all). Pure.

#pragma once

#include <string>

#include "observe/snapshot.hpp"

namespace holdfast::observe {

std::string metrics_text(const Snapshot& snapshot);

}  // namespace holdfast::observe
