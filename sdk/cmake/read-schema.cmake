# What CMake has to know of a FlatBuffers schema before flatc reads it. Included by
# HoldfastSchemas.cmake.

# Sets SCHEMA_ROOT (qualified with dots), SCHEMA_IDENTIFIER, each empty where there is none, and
# SCHEMA_INCLUDES (absolute paths). `function` is named in errors.
function(holdfast_read_schema schema function)
  if(NOT EXISTS "${schema}" OR IS_DIRECTORY "${schema}")
    message(FATAL_ERROR "${function}: ${schema} does not exist; check its name, which is relative to "
                        "${CMAKE_CURRENT_SOURCE_DIR} unless absolute")
  endif()
  file(READ "${schema}" text)
  # Comments may speak of root types too. Semicolons would make lists of what is matched.
  string(REGEX REPLACE "//[^\n]*" "" text "${text}")
  string(REGEX REPLACE "/\\*([^*]|\\*+[^*/])*\\*+/" "" text "${text}")
  string(REPLACE ";" " @ " text "${text}")

  set(root "")
  if(text MATCHES "(.*[ \t\r\n@}]|^)root_type[ \t\r\n]+([A-Za-z0-9_.]+)[ \t\r\n]*@")
    set(before "${CMAKE_MATCH_1}")
    set(root "${CMAKE_MATCH_2}")
    # Greedy, and so the last namespace before it.
    if(NOT root MATCHES "\\." AND
       "@${before}" MATCHES ".*[ \t\r\n@}]namespace[ \t\r\n]+([A-Za-z0-9_.]*)[ \t\r\n]*@")
      if(NOT CMAKE_MATCH_1 STREQUAL "")
        set(root "${CMAKE_MATCH_1}.${root}")
      endif()
    endif()
  endif()
  set(identifier "")
  if(text MATCHES "file_identifier[ \t\r\n]+\"([^\"]*)\"[ \t\r\n]*@")
    set(identifier "${CMAKE_MATCH_1}")
  endif()

  set(includes "")
  cmake_path(GET schema PARENT_PATH folder)
  string(REGEX MATCHALL "(^|[ \t\r\n@])include[ \t\r\n]+\"[^\"]*\"[ \t\r\n]*@" lines "${text}")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE ".*\"([^\"]*)\".*" "\\1" file "${line}")
    set(included "${file}")
    cmake_path(ABSOLUTE_PATH included BASE_DIRECTORY "${folder}" NORMALIZE)
    if(NOT EXISTS "${included}")
      message(FATAL_ERROR "${function}: ${schema} includes \"${file}\", which does not exist; the path is relative "
                          "to the schema that includes it")
    endif()
    list(APPEND includes "${included}")
  endforeach()

  set(SCHEMA_ROOT "${root}" PARENT_SCOPE)
  set(SCHEMA_IDENTIFIER "${identifier}" PARENT_SCOPE)
  set(SCHEMA_INCLUDES "${includes}" PARENT_SCOPE)
endfunction()

# Ends with an error unless the schema that was just read can be a payload's.
function(holdfast_require_root schema function)
  if(SCHEMA_ROOT STREQUAL "")
    message(FATAL_ERROR "${function}: ${schema}: no root_type; add a line such as \"root_type Reading;\"")
  endif()
  if(SCHEMA_IDENTIFIER STREQUAL "")
    message(FATAL_ERROR "${function}: ${schema}: no file_identifier; add a line such as file_identifier "
                        "\"READ\"; by it a foreign payload is told from a damaged one")
  endif()
  string(LENGTH "${SCHEMA_IDENTIFIER}" length)
  if(NOT length EQUAL 4)
    message(FATAL_ERROR "${function}: ${schema}: the file_identifier \"${SCHEMA_IDENTIFIER}\" has ${length} "
                        "characters; it must have 4")
  endif()
endfunction()
