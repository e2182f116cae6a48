# Adds holdfast::Schema<root type> to a header that flatc has just written: the file identifier and
# the name of the root type, which flatc's own code has only as free functions.
#
#   cmake -DHEADER=reading_generated.h -DROOT=fleet.Reading -DIDENTIFIER=READ -P append-schema-traits.cmake

string(REPLACE "." "::" cpp_name "::${ROOT}")

# Inside the include guard, that is before the last #endif.
file(READ "${HEADER}" header)
string(FIND "${header}" "#endif" guard_end REVERSE)
if(guard_end EQUAL -1)
  message(FATAL_ERROR "${HEADER}: flatc wrote no include guard; this flatc is not known to Holdfast")
endif()
string(SUBSTRING "${header}" 0 ${guard_end} body)
string(SUBSTRING "${header}" ${guard_end} -1 tail)
file(WRITE "${HEADER}" "${body}// Added by holdfast_add_schemas.
#if __has_include(<holdfast/payload.hpp>)
#include <holdfast/payload.hpp>
#endif
#include <string_view>
namespace holdfast {
template <class T>
struct Schema;
}
template <>
struct holdfast::Schema<${cpp_name}> {
  static constexpr std::string_view identifier = \"${IDENTIFIER}\";
  static constexpr std::string_view name = \"${ROOT}\";
};

${tail}")
