// The version of the SDK, as a number to compare and as text.

#pragma once

#include <cstdint>
#include <string_view>

#include <holdfast/export.hpp>

namespace holdfast {

inline constexpr int kVersionMajor = 0;
inline constexpr int kVersionMinor = 1;
inline constexpr int kVersionPatch = 0;

/// When this version was made, in seconds since 1970: it is never earlier, whatever a clock says.
inline constexpr std::uint64_t kReleaseTime = 1'795'478'400;  // 2026-11-24

/// "MAJOR.MINOR.PATCH" of the library that is linked.
HOLDFAST_EXPORT std::string_view version() noexcept;

}  // namespace holdfast
