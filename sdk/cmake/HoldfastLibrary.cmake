# What apps link: the objects of the rooms that a device is made of, in one libholdfast.so or one
# libholdfast.a (or both, HOLDFAST_BUILD_BOTH_KINDS). Included by sdk/CMakeLists.txt.

set(HOLDFAST_EXPORTS "${CMAKE_CURRENT_BINARY_DIR}/exports.map")
configure_file(exports.map.in "${HOLDFAST_EXPORTS}" @ONLY)

# The rooms below a target, itself included.
function(holdfast_rooms_below target out)
  set(waiting ${target})
  set(rooms "")
  while(waiting)
    list(POP_FRONT waiting room)
    if(room IN_LIST rooms OR NOT TARGET ${room})
      continue()
    endif()
    get_target_property(type ${room} TYPE)
    get_target_property(imported ${room} IMPORTED)
    if(imported OR NOT type STREQUAL "STATIC_LIBRARY")
      continue()
    endif()
    list(APPEND rooms ${room})
    get_target_property(needs ${room} LINK_LIBRARIES)
    list(APPEND waiting ${needs})
  endwhile()
  set(${out} "${rooms}" PARENT_SCOPE)
endfunction()

# holdfast_library(SHARED|STATIC): makes the target holdfast_shared or holdfast_static.
function(holdfast_library kind)
  string(TOLOWER holdfast_${kind} target)
  holdfast_rooms_below(holdfast_device rooms)
  list(TRANSFORM rooms REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>" OUTPUT_VARIABLE objects)
  add_library(${target} ${kind} ${objects})
  set_target_properties(${target} PROPERTIES
    LINKER_LANGUAGE CXX
    OUTPUT_NAME holdfast
    EXPORT_NAME holdfast
    SOVERSION ${HOLDFAST_ABI}
    VERSION ${HOLDFAST_ABI}.${PROJECT_VERSION}
    LINK_DEPENDS "${HOLDFAST_EXPORTS}")
  target_compile_features(${target} INTERFACE cxx_std_20)
  target_include_directories(${target} INTERFACE
    $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  # An installed library's config file looks for these by itself (sdk/packaging/holdfast-config.cmake.in). Paho by its
  # files, as there: the name of a target would be written down as a dependency of the shared library.
  target_link_libraries(${target}
    PRIVATE $<BUILD_INTERFACE:${HOLDFAST_PAHO_CPP_LIBRARY}> $<BUILD_INTERFACE:${HOLDFAST_PAHO_C_LIBRARY}>
            $<BUILD_INTERFACE:SQLite::SQLite3> $<BUILD_INTERFACE:PkgConfig::wolfssl> $<BUILD_INTERFACE:Threads::Threads>
    INTERFACE $<BUILD_INTERFACE:holdfast_flatbuffers>)
  if(kind STREQUAL "SHARED")
    target_link_options(${target} PRIVATE "-Wl,--version-script=${HOLDFAST_EXPORTS}" -Wl,--as-needed)
    if(NOT HOLDFAST_SANITIZE)
      target_link_options(${target} PRIVATE -Wl,-z,defs)  # a sanitizer's symbols come with the program
    endif()
  endif()
endfunction()

set(HOLDFAST_KINDS static)
if(BUILD_SHARED_LIBS)
  set(HOLDFAST_KINDS shared)
endif()
if(HOLDFAST_BUILD_BOTH_KINDS)
  set(HOLDFAST_KINDS shared static)
endif()
set(HOLDFAST_KINDS ${HOLDFAST_KINDS} PARENT_SCOPE)  # for HoldfastInstall.cmake
foreach(kind IN LISTS HOLDFAST_KINDS)
  string(TOUPPER ${kind} kind)
  holdfast_library(${kind})
endforeach()

# libholdfast_config.a beside it, for apps that read a config file; always an archive, because it is small
# and uses nothing of the library but what that exports.
add_library(holdfast_config_library STATIC $<TARGET_OBJECTS:holdfast_config>)
set_target_properties(holdfast_config_library PROPERTIES
  LINKER_LANGUAGE CXX
  OUTPUT_NAME holdfast_config
  ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/install"  # the room's own has the same name
  EXPORT_NAME config)

# libholdfast_testing.a, for the tests of apps. It looks behind the API, so it goes with libholdfast.a alone.
if("static" IN_LIST HOLDFAST_KINDS)
  add_library(holdfast_testing_library STATIC
    $<TARGET_OBJECTS:holdfast_testing> $<TARGET_OBJECTS:holdfast_economics>)
  set_target_properties(holdfast_testing_library PROPERTIES
    LINKER_LANGUAGE CXX
    OUTPUT_NAME holdfast_testing
    ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/install"
    EXPORT_NAME testing)
  target_link_libraries(holdfast_testing_library INTERFACE holdfast_static)
  if(NOT PROJECT_IS_TOP_LEVEL)
    set_target_properties(holdfast_testing_library PROPERTIES EXCLUDE_FROM_ALL TRUE)  # built for whose tests link it
  endif()
endif()

# Tests and tools look into rooms, and must not have a second copy of them from a library. So in this
# project's own build the name stands for the rooms, and elsewhere for the library.
if(PROJECT_IS_TOP_LEVEL)
  add_library(holdfast INTERFACE)
  target_link_libraries(holdfast INTERFACE holdfast_device)
  add_library(holdfast::holdfast ALIAS holdfast)
  add_library(holdfast::config ALIAS holdfast_config)
  add_library(holdfast::testing ALIAS holdfast_testing)
elseif(BUILD_SHARED_LIBS)
  add_library(holdfast::holdfast ALIAS holdfast_shared)
else()
  add_library(holdfast::holdfast ALIAS holdfast_static)
endif()
if(NOT PROJECT_IS_TOP_LEVEL)
  target_link_libraries(holdfast_config_library INTERFACE $<BUILD_INTERFACE:holdfast::holdfast>)
  add_library(holdfast::config ALIAS holdfast_config_library)
  if(TARGET holdfast_testing_library)
    add_library(holdfast::testing ALIAS holdfast_testing_library)
  endif()
endif()
