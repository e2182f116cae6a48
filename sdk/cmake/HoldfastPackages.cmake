# Debian packages, made by `cpack` in the build folder (docs/decisions/0030-packages.md):
#
#   libholdfastN      the shared library; N is the number of its ABI
#   libholdfast-dev   headers, CMake and pkg-config files, static library, schemas, documents
#   holdfast-tools    holdfast, holdfast-broker-test, their manual
#
# `cmake --preset package` configures a build for it. Included by HoldfastInstall.cmake.

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME holdfast)
set(CPACK_PACKAGE_VENDOR "Holdfast developers")
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
# CPack puts the project's description before that of each package, unless it is this default of its own.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${CMAKE_PROJECT_NAME} built using CMake")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL development)
if("shared" IN_LIST HOLDFAST_KINDS)
  list(APPEND CPACK_COMPONENTS_ALL runtime)
endif()
if(HOLDFAST_BUILD_CLI)
  list(APPEND CPACK_COMPONENTS_ALL tools)
endif()

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
# Policy wants an address where somebody reads. This one is reserved for none (RFC 2606): who gives packages to
# others puts in their own.
set(HOLDFAST_MAINTAINER "Holdfast developers <developers@holdfast.invalid>" CACHE STRING
    "Maintainer of the Debian packages")
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${HOLDFAST_MAINTAINER}")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(about "Holdfast keeps one long-lived TLS 1.3 session to an MQTT broker whose
public key is pinned, carries FlatBuffers payloads, and spreads the cost of
that one handshake over as many messages as possible. It is for devices on
links that are metered, slow and often gone.
.")

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME libholdfast${HOLDFAST_ABI})
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
# Beside the scripts that CPack writes, which call ldconfig too: Debian's tools look for the trigger.
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA "${packaging}/triggers")
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_RUNTIME_DESCRIPTION "MQTT over TLS 1.3 with pinned keys: shared library
${about}
This package has the library that programs need to run.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libholdfast-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
# FlatBuffers for the headers, flatc for holdfast_add_schemas, all others for the static library.
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libflatbuffers-dev (>= 2.0), flatbuffers-compiler, libwolfssl-dev (>= 5.5), \
libpaho-mqttpp-dev (>= 1.2), libpaho-mqtt-dev (>= 1.3.12), libsqlite3-dev (>= 3.25)")
if("shared" IN_LIST HOLDFAST_KINDS)
  string(PREPEND CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
    "libholdfast${HOLDFAST_ABI} (= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}), ")
endif()
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION "MQTT over TLS 1.3 with pinned keys: development files
${about}
This package has what programs are built with.")

set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME holdfast-tools)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION net)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SHLIBDEPS ON)
# What `holdfast lab` runs.
set(CPACK_DEBIAN_TOOLS_PACKAGE_SUGGESTS mosquitto)
set(CPACK_DEBIAN_TOOLS_DESCRIPTION "MQTT over TLS 1.3 with pinned keys: tools
${about}
This package has the holdfast command (keys, pins, pin sets, publishing,
subscribing, a doctor) and holdfast-broker-test, which tells whether a
broker serves such devices well.")

# --- What Debian wants in each package ----------------------------------------------------------------

# The date of the release, so that the same source makes the same bytes.
file(READ "${PROJECT_SOURCE_DIR}/sdk/include/holdfast/version.hpp" version_header)
string(REGEX MATCH "kReleaseTime = ([0-9']+)" found "${version_header}")
string(REPLACE "'" "" release_time "${CMAKE_MATCH_1}")
set(outer_epoch "$ENV{SOURCE_DATE_EPOCH}")
set(ENV{SOURCE_DATE_EPOCH} ${release_time})
string(TIMESTAMP HOLDFAST_RELEASE_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
if(outer_epoch STREQUAL "")
  unset(ENV{SOURCE_DATE_EPOCH})
else()
  set(ENV{SOURCE_DATE_EPOCH} ${outer_epoch})
endif()

foreach(component IN LISTS CPACK_COMPONENTS_ALL)
  string(TOUPPER ${component} upper)
  set(package ${CPACK_DEBIAN_${upper}_PACKAGE_NAME})
  configure_file("${packaging}/changelog.in" "${made}/${package}/changelog.Debian" @ONLY)
  add_custom_command(OUTPUT "${made}/${package}/changelog.Debian.gz"
    COMMAND gzip -9nc changelog.Debian > changelog.Debian.gz
    WORKING_DIRECTORY "${made}/${package}" DEPENDS "${made}/${package}/changelog.Debian" VERBATIM)
  add_custom_target(holdfast_changelog_${component} ALL DEPENDS "${made}/${package}/changelog.Debian.gz")
  install(FILES "${packaging}/copyright" "${made}/${package}/changelog.Debian.gz"
    DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/${package}" COMPONENT ${component})
endforeach()

include(CPack)
