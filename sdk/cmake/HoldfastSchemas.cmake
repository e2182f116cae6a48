# holdfast_add_schemas(TARGET SCHEMAS a.fbs b.fbs …)
#
# Makes an interface library TARGET from FlatBuffers schemas: at build time flatc writes
# a_generated.h (with the object API) and a.bfbs (the binary schema, for readers by reflection), and
# the header gets holdfast::Schema for its root type. Each schema needs a root_type and a
# file_identifier.

set(HOLDFAST_SCHEMAS_DIR "${CMAKE_CURRENT_LIST_DIR}")

function(holdfast_add_schemas target)
  cmake_parse_arguments(arg "" "" "SCHEMAS" ${ARGN})
  if(NOT arg_SCHEMAS)
    message(FATAL_ERROR "holdfast_add_schemas(${target}): no SCHEMAS given")
  endif()
  set(out "${CMAKE_CURRENT_BINARY_DIR}/${target}")
  set(made "")
  foreach(schema IN LISTS arg_SCHEMAS)
    cmake_path(ABSOLUTE_PATH schema NORMALIZE)
    cmake_path(GET schema STEM name)
    set(header "${out}/${name}_generated.h")
    add_custom_command(
      OUTPUT "${header}" "${out}/${name}.bfbs"
      COMMAND "${HOLDFAST_FLATC}" --cpp --cpp-std c++17 --scoped-enums --gen-object-api
              -o "${out}" "${schema}"
      COMMAND "${HOLDFAST_FLATC}" --binary --schema -o "${out}" "${schema}"
      COMMAND "${CMAKE_COMMAND}" "-DSCHEMA=${schema}" "-DHEADER=${header}"
              -P "${HOLDFAST_SCHEMAS_DIR}/append-schema-traits.cmake"
      DEPENDS "${schema}" "${HOLDFAST_SCHEMAS_DIR}/append-schema-traits.cmake"
      COMMENT "FlatBuffers: ${name}.fbs"
      VERBATIM)
    list(APPEND made "${header}" "${out}/${name}.bfbs")
  endforeach()
  add_custom_target(${target}_generate DEPENDS ${made})
  add_library(${target} INTERFACE)
  add_dependencies(${target} ${target}_generate)
  target_include_directories(${target} SYSTEM INTERFACE "${out}")
  target_link_libraries(${target} INTERFACE holdfast_flatbuffers holdfast_headers)
endfunction()
