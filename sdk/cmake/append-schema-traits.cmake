# Adds holdfast::Schema<root type> to a header that flatc has just written: the file identifier and
# the name of the root type, which flatc's own code has only as free functions.
#
#   cmake -DSCHEMA=reading.fbs -DHEADER=reading_generated.h -P append-schema-traits.cmake

file(READ "${SCHEMA}" text)
string(REGEX REPLACE "//[^\n]*" "" text "${text}")  # comments may speak of root types too

foreach(word root_type file_identifier)
  if(NOT text MATCHES "${word}[ \t\r\n]+\"?([^;\" \t\r\n]+)\"?[ \t\r\n]*;")
    message(FATAL_ERROR "${SCHEMA}: no ${word}. Holdfast needs both a root_type and a "
                        "file_identifier, so that a foreign buffer can be told from a damaged one.")
  endif()
  set(${word} "${CMAKE_MATCH_1}")
endforeach()
string(LENGTH "${file_identifier}" length)
if(NOT length EQUAL 4)
  message(FATAL_ERROR "${SCHEMA}: the file_identifier \"${file_identifier}\" must have 4 characters")
endif()

set(qualified "${root_type}")
if(NOT root_type MATCHES "\\." AND text MATCHES "namespace[ \t\r\n]+([A-Za-z0-9_.]+)[ \t\r\n]*;")
  set(qualified "${CMAKE_MATCH_1}.${root_type}")
endif()
string(REPLACE "." "::" cpp_name "::${qualified}")

# Inside the include guard, that is before the last #endif.
file(READ "${HEADER}" header)
string(FIND "${header}" "#endif" guard_end REVERSE)
if(guard_end EQUAL -1)
  message(FATAL_ERROR "${HEADER}: flatc wrote no include guard; this flatc is not known to Holdfast")
endif()
string(SUBSTRING "${header}" 0 ${guard_end} body)
string(SUBSTRING "${header}" ${guard_end} -1 tail)
file(WRITE "${HEADER}" "${body}// Added by holdfast_add_schemas.
#include <holdfast/payload.hpp>
template <>
struct holdfast::Schema<${cpp_name}> {
  static constexpr std::string_view identifier = \"${file_identifier}\";
  static constexpr std::string_view name = \"${qualified}\";
};

${tail}")
