# holdfast_add_schemas(TARGET SCHEMAS a.fbs b.fbs … [RELEASED DIR])
#
# Makes an interface library TARGET from FlatBuffers schemas: at build time flatc writes
# a_generated.h (with the object API) and a.bfbs (the binary schema, for `holdfast sub --schema` and
# other readers by reflection), and the header gets holdfast::Schema for its root type. Each schema
# needs a root_type and a file_identifier of its own; schemas that they include need neither, and get
# their headers without being named. The target's property HOLDFAST_BINARY_SCHEMAS is the list of
# the .bfbs files, in the order of SCHEMAS.
#
# With RELEASED a ctest test, schemas.TARGET, proves that today's schemas and those that were
# released understand each other (holdfast_check_schemas below). enable_testing() has to come first.
#
# holdfast_check_schemas(NAME SCHEMAS a.fbs b.fbs … RELEASED DIR)
#
# Adds the test schemas.NAME: DIR has a folder for each released version (DIR/1.0.0, DIR/1.1.0) with
# copies of the schemas as they were, included ones as well, in whatever subfolders. They are found by
# their file names.
#
# This file, the scripts beside it and flatc are all that is needed: HOLDFAST_FLATC names one that is
# not in the PATH.

if(NOT HOLDFAST_FLATC)
  find_program(HOLDFAST_FLATC flatc DOC "flatc, the FlatBuffers compiler")
endif()

include("${CMAKE_CURRENT_LIST_DIR}/read-schema.cmake")

# Schemas with absolute paths, checked; sets OUT_schemas, OUT_included (those that they include and
# that are not named), and for each file OUT_<name>_root, _identifier and _includes.
function(holdfast_collect_schemas function out)
  set(schemas "")
  set(identifiers "")
  foreach(schema IN LISTS ARGN)
    cmake_path(ABSOLUTE_PATH schema BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE)
    list(APPEND schemas "${schema}")
  endforeach()
  set(waiting ${schemas})
  set(all "")
  set(names "")
  while(waiting)
    list(POP_FRONT waiting schema)
    if(schema IN_LIST all)
      continue()
    endif()
    holdfast_read_schema("${schema}" "${function}")
    cmake_path(GET schema STEM name)
    if(name IN_LIST names)
      list(FIND names "${name}" at)
      list(GET all ${at} other)
      message(FATAL_ERROR "${function}: ${schema} and ${other} have the same name, and so their headers "
                          "would be one file; rename one of them")
    endif()
    list(APPEND all "${schema}")
    list(APPEND names "${name}")
    list(APPEND waiting ${SCHEMA_INCLUDES})
    set(${name}_includes "${SCHEMA_INCLUDES}")
    set(${out}_${name}_root "${SCHEMA_ROOT}" PARENT_SCOPE)
    set(${out}_${name}_identifier "${SCHEMA_IDENTIFIER}" PARENT_SCOPE)
    if(schema IN_LIST schemas)
      holdfast_require_root("${schema}" "${function}")
      if(SCHEMA_IDENTIFIER IN_LIST identifiers)
        message(FATAL_ERROR "${function}: ${schema}: the file_identifier \"${SCHEMA_IDENTIFIER}\" belongs to "
                            "another of these schemas; give it one of its own, so that their payloads can be "
                            "told apart")
      endif()
      list(APPEND identifiers "${SCHEMA_IDENTIFIER}")
    endif()
    # What this says is read when the project is configured.
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${schema}")
  endwhile()
  set(included ${all})
  list(REMOVE_ITEM included ${schemas})
  set(${out}_schemas "${schemas}" PARENT_SCOPE)
  set(${out}_included "${included}" PARENT_SCOPE)
  # A change of any of them makes all headers anew: there are few, and it takes milliseconds.
  set(${out}_all "${all}" PARENT_SCOPE)
endfunction()

function(holdfast_need_flatc function)
  if(NOT HOLDFAST_FLATC)
    message(FATAL_ERROR "${function}: flatc, the FlatBuffers compiler, was not found. On Debian: apt-get install "
                        "flatbuffers-compiler; or set HOLDFAST_FLATC to its path.")
  endif()
endfunction()

function(holdfast_add_schemas target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "RELEASED" "SCHEMAS")
  set(function "holdfast_add_schemas(${target})")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "${function}: \"${arg_UNPARSED_ARGUMENTS}\" is neither after SCHEMAS nor after RELEASED")
  endif()
  if(NOT arg_SCHEMAS)
    message(FATAL_ERROR "${function}: no SCHEMAS given")
  endif()
  holdfast_need_flatc("${function}")
  holdfast_collect_schemas("${function}" found ${arg_SCHEMAS})

  set(out "${CMAKE_CURRENT_BINARY_DIR}/${target}")
  set(flags --cpp --cpp-std c++17 --scoped-enums --gen-object-api)
  set(made "")
  set(binary_schemas "")
  foreach(schema IN LISTS found_schemas)
    cmake_path(GET schema STEM name)
    set(header "${out}/${name}_generated.h")
    add_custom_command(
      OUTPUT "${header}" "${out}/${name}.bfbs"
      COMMAND "${HOLDFAST_FLATC}" ${flags} -o "${out}" "${schema}"
      COMMAND "${HOLDFAST_FLATC}" --binary --schema -o "${out}" "${schema}"
      COMMAND "${CMAKE_COMMAND}" "-DHEADER=${header}" "-DROOT=${found_${name}_root}"
              "-DIDENTIFIER=${found_${name}_identifier}"
              -P "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/append-schema-traits.cmake"
      DEPENDS ${found_all} "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/append-schema-traits.cmake"
      COMMENT "FlatBuffers: ${name}.fbs"
      VERBATIM)
    list(APPEND made "${header}" "${out}/${name}.bfbs")
    list(APPEND binary_schemas "${out}/${name}.bfbs")
  endforeach()
  foreach(schema IN LISTS found_included)
    cmake_path(GET schema STEM name)
    add_custom_command(
      OUTPUT "${out}/${name}_generated.h"
      COMMAND "${HOLDFAST_FLATC}" ${flags} -o "${out}" "${schema}"
      DEPENDS ${found_all}
      COMMENT "FlatBuffers: ${name}.fbs"
      VERBATIM)
    list(APPEND made "${out}/${name}_generated.h")
  endforeach()
  add_custom_target(${target}_generate DEPENDS ${made})
  add_library(${target} INTERFACE)
  add_dependencies(${target} ${target}_generate)
  target_include_directories(${target} SYSTEM INTERFACE "${out}")
  set_target_properties(${target} PROPERTIES HOLDFAST_BINARY_SCHEMAS "${binary_schemas}")
  # The SDK's own headers where this is part of it; where the SDK is installed, the app links it.
  foreach(needed IN ITEMS holdfast_flatbuffers holdfast_headers)
    if(TARGET ${needed})
      target_link_libraries(${target} INTERFACE ${needed})
    endif()
  endforeach()
  if(arg_RELEASED)
    holdfast_check_schemas(${target} SCHEMAS ${arg_SCHEMAS} RELEASED "${arg_RELEASED}")
  endif()
endfunction()

function(holdfast_check_schemas name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "RELEASED" "SCHEMAS")
  set(function "holdfast_check_schemas(${name})")
  holdfast_need_flatc("${function}")
  holdfast_collect_schemas("${function}" found ${arg_SCHEMAS})
  set(released "${arg_RELEASED}")
  cmake_path(ABSOLUTE_PATH released BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE)
  if(NOT IS_DIRECTORY "${released}")
    message(FATAL_ERROR "${function}: the RELEASED directory ${released} does not exist; make it with the first "
                        "release: a folder named for the version, and in it copies of the schemas")
  endif()
  set(settings "${CMAKE_CURRENT_BINARY_DIR}/${name}-released.cmake")
  file(CONFIGURE OUTPUT "${settings}" @ONLY CONTENT [[
set(FLATC "@HOLDFAST_FLATC@")
set(SCHEMAS "@found_all@")
set(RELEASED "@released@")
set(WORK "@CMAKE_CURRENT_BINARY_DIR@/@name@-released")
]])
  add_test(NAME schemas.${name}
           COMMAND "${CMAKE_COMMAND}" "-DSETTINGS=${settings}"
                   -P "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/check-released-schemas.cmake")
endfunction()
