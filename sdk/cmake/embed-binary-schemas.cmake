# Writes the bytes of binary schemas into a C++ source (sdk/src/decoding/embedded_schemas.hpp).
#
#   cmake -DOUTPUT=embedded_schemas.cpp -DSCHEMAS="a.bfbs;b.bfbs" -P embed-binary-schemas.cmake

set(arrays "")
set(names "")
foreach(schema IN LISTS SCHEMAS)
  cmake_path(GET schema STEM name)
  file(READ "${schema}" hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND arrays "constexpr unsigned char k_${name}[] = {${bytes}};\n")
  string(APPEND names "k_${name}, ")
endforeach()
file(WRITE "${OUTPUT}" "// Made by embed-binary-schemas.cmake.
#include \"decoding/embedded_schemas.hpp\"

namespace holdfast::decoding {
namespace {

${arrays}
}  // namespace

std::vector<std::span<const unsigned char>> embedded_schemas() {
  return {${names}};
}

}  // namespace holdfast::decoding
")
