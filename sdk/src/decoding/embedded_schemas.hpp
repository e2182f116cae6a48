// The SDK's own binary schemas as bytes of the program. The source is made at build time, by
// sdk/cmake/embed-binary-schemas.cmake.

#pragma once

#include <span>
#include <vector>

namespace holdfast::decoding {

std::vector<std::span<const unsigned char>> embedded_schemas();

}  // namespace holdfast::decoding
