# What `cmake --install` puts where, by the standard folders of GNUInstallDirs. Three components, which are
# Debian packages as well (HoldfastPackages.cmake): runtime (the shared library), development (headers,
# CMake and pkg-config files, the static library, schemas, documents) and tools (commands and their manual).
# The commands have their rules where they are built.

include(CMakePackageConfigHelpers)

set(HOLDFAST_CMAKE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/holdfast")
set(made "${PROJECT_BINARY_DIR}/install")
set(packaging "${PROJECT_SOURCE_DIR}/sdk/packaging")

# --- The library --------------------------------------------------------------------------------

if("static" IN_LIST HOLDFAST_KINDS)
  install(TARGETS holdfast_testing_library EXPORT holdfast_static
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT development)
endif()
foreach(kind IN LISTS HOLDFAST_KINDS)
  install(TARGETS holdfast_${kind} EXPORT holdfast_${kind}
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT runtime NAMELINK_COMPONENT development
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT development)
  # Two sets, because both kinds have the name holdfast::holdfast; the config file takes one.
  install(EXPORT holdfast_${kind} NAMESPACE holdfast:: FILE holdfast-${kind}.cmake
    DESTINATION "${HOLDFAST_CMAKE_DIR}" COMPONENT development)
endforeach()
install(TARGETS holdfast_config_library EXPORT holdfast_extra
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT development)
install(EXPORT holdfast_extra NAMESPACE holdfast:: FILE holdfast-extra.cmake
  DESTINATION "${HOLDFAST_CMAKE_DIR}" COMPONENT development)
set(archives holdfast_config_library)
if("static" IN_LIST HOLDFAST_KINDS)
  list(APPEND archives holdfast_static holdfast_testing_library)
endif()
foreach(archive IN LISTS archives)
  # `cmake --install --strip` leaves archives alone; debug information is nine tenths of this one.
  install(CODE "
    if(CMAKE_INSTALL_DO_STRIP)
      set(archive \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/$<TARGET_FILE_NAME:${archive}>\")
      execute_process(COMMAND \"${CMAKE_STRIP}\" --strip-debug --remove-section=.comment \"\${archive}\"
                      COMMAND_ERROR_IS_FATAL ANY)
    endif()" COMPONENT development)
endforeach()
install(DIRECTORY "${PROJECT_SOURCE_DIR}/sdk/include/holdfast" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  COMPONENT development FILES_MATCHING PATTERN "*.hpp")

# --- How it is found ------------------------------------------------------------------------------

configure_package_config_file("${packaging}/holdfast-config.cmake.in" "${made}/holdfast-config.cmake"
  INSTALL_DESTINATION "${HOLDFAST_CMAKE_DIR}" NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may break the API. From 1.0 on this becomes SameMajorVersion.
write_basic_package_version_file("${made}/holdfast-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES
  "${made}/holdfast-config.cmake"
  "${made}/holdfast-config-version.cmake"
  "${PROJECT_SOURCE_DIR}/sdk/cmake/HoldfastSchemas.cmake"
  "${PROJECT_SOURCE_DIR}/sdk/cmake/append-schema-traits.cmake"
  "${PROJECT_SOURCE_DIR}/sdk/cmake/check-released-schemas.cmake"
  "${PROJECT_SOURCE_DIR}/sdk/cmake/read-schema.cmake"
  DESTINATION "${HOLDFAST_CMAKE_DIR}" COMPONENT development)

# A prefix that is found from the file's own place, so that a tree may be moved.
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}" OR IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
  set(HOLDFAST_PC_PREFIX "${CMAKE_INSTALL_PREFIX}")
  set(HOLDFAST_PC_LIBDIR "${CMAKE_INSTALL_FULL_LIBDIR}")
  set(HOLDFAST_PC_INCLUDEDIR "${CMAKE_INSTALL_FULL_INCLUDEDIR}")
else()
  file(RELATIVE_PATH up "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
  string(REGEX REPLACE "/$" "" HOLDFAST_PC_PREFIX "\${pcfiledir}/${up}")
  set(HOLDFAST_PC_LIBDIR "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
  set(HOLDFAST_PC_INCLUDEDIR "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()
# By their names and not by Requires.private: Debian has no .pc file of Paho's, and that of SQLite asks for
# libraries whose packages libsqlite3-dev does not bring.
set(HOLDFAST_PC_PRIVATE "-lpaho-mqttpp3 -lpaho-mqtt3as -lsqlite3 -lwolfssl -pthread")
set(HOLDFAST_PC_LIBS "-L\${libdir} -lholdfast")
if(HOLDFAST_KINDS STREQUAL "static")
  # There is nothing to choose, so nobody has to say --static.
  string(APPEND HOLDFAST_PC_LIBS " ${HOLDFAST_PC_PRIVATE}")
  set(HOLDFAST_PC_PRIVATE "")
endif()
set(HOLDFAST_PC_CFLAGS "-I\${includedir}")
if(NOT HOLDFAST_FLATBUFFERS_INCLUDE IN_LIST CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES AND
   NOT HOLDFAST_FLATBUFFERS_INCLUDE STREQUAL "${CMAKE_SYSROOT}/usr/include")
  string(APPEND HOLDFAST_PC_CFLAGS " -I${HOLDFAST_FLATBUFFERS_INCLUDE}")
endif()
configure_file("${packaging}/holdfast.pc.in" "${made}/holdfast.pc" @ONLY)
configure_file("${packaging}/holdfast_config.pc.in" "${made}/holdfast_config.pc" @ONLY)
install(FILES "${made}/holdfast.pc" "${made}/holdfast_config.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT development)

# --- Schemas, manual, documents ---------------------------------------------------------------------

install(DIRECTORY "${PROJECT_SOURCE_DIR}/schemas/holdfast" DESTINATION "${CMAKE_INSTALL_DATADIR}/holdfast/schemas"
  COMPONENT development FILES_MATCHING PATTERN "*.fbs")
# As in the source, so that links from one to another lead somewhere.
install(FILES "${PROJECT_SOURCE_DIR}/README.md" DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT development)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/docs" DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT development
  FILES_MATCHING PATTERN "*.md" PATTERN "*.svg" PATTERN man EXCLUDE)
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT licence)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/samples/broker" DESTINATION "${CMAKE_INSTALL_DOCDIR}/samples"
  COMPONENT tools)

if(HOLDFAST_BUILD_CLI OR HOLDFAST_BUILD_BROKER_TEST)
  find_program(HOLDFAST_GZIP gzip DOC "gzip, for manual pages")
  mark_as_advanced(HOLDFAST_GZIP)
  file(GLOB pages CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/docs/man/*.1")
  if(NOT TARGET holdfast_broker_test)
    list(FILTER pages EXCLUDE REGEX "holdfast-broker-test\\.1$")
  endif()
  set(manual "")
  foreach(page IN LISTS pages)
    cmake_path(GET page FILENAME name)
    if(HOLDFAST_GZIP)
      # -n: the same bytes whenever it is made.
      add_custom_command(OUTPUT "${made}/${name}.gz"
        COMMAND "${HOLDFAST_GZIP}" -9nc "${page}" > "${made}/${name}.gz"
        DEPENDS "${page}" COMMENT "Manual page ${name}" VERBATIM)
      list(APPEND manual "${made}/${name}.gz")
    else()
      list(APPEND manual "${page}")
    endif()
  endforeach()
  if(HOLDFAST_GZIP)
    add_custom_target(holdfast_manual ALL DEPENDS ${manual})
  endif()
  install(FILES ${manual} DESTINATION "${CMAKE_INSTALL_MANDIR}/man1" COMPONENT tools)
endif()

if(HOLDFAST_PACKAGES)
  # They would be named for this machine, and ask for its libraries.
  if(CMAKE_CROSSCOMPILING)
    message(FATAL_ERROR "Debian packages are made on their own architecture, not cross-built: set HOLDFAST_PACKAGES to OFF")
  endif()
  include(HoldfastPackages)
endif()
