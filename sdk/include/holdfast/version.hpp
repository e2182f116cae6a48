// The version of the SDK, as a number to compare and as text.

#pragma once

#include <string_view>

namespace holdfast {

inline constexpr int kVersionMajor = 0;
inline constexpr int kVersionMinor = 1;
inline constexpr int kVersionPatch = 0;

/// "MAJOR.MINOR.PATCH" of the library that is linked.
std::string_view version() noexcept;

}  // namespace holdfast
