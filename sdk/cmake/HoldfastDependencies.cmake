# Finds what Holdfast is built on, in the distribution only: nothing is downloaded here.
# What is missing is named together with the Debian package that has it.

include(CheckCXXSourceCompiles)
include(CMakePushCheckState)

function(holdfast_missing what package)
  message(FATAL_ERROR
    "Holdfast needs ${what}, which was not found.\n"
    "On Debian: apt-get install ${package}\n"
    "All packages at once: sdk/cmake/install-packages test")
endfunction()

find_package(Threads REQUIRED)
find_package(PkgConfig QUIET)
if(NOT PkgConfig_FOUND)
  holdfast_missing("pkg-config" pkg-config)
endif()

# --- wolfSSL ---------------------------------------------------------------------------------
pkg_check_modules(wolfssl QUIET IMPORTED_TARGET wolfssl>=5.5)
if(NOT wolfssl_FOUND)
  holdfast_missing("wolfSSL 5.5 or newer" libwolfssl-dev)
endif()

# Each of these is a capability that the trust decision or the handshake rests on. A library built
# without it would either not link or, worse, quietly decide something else.
function(holdfast_require_wolfssl macro reason)
  cmake_push_check_state(RESET)
  set(CMAKE_REQUIRED_LIBRARIES PkgConfig::wolfssl)
  set(CMAKE_REQUIRED_QUIET ON)
  check_cxx_source_compiles("
    #include <wolfssl/options.h>
    #include <wolfssl/ssl.h>
    #ifndef ${macro}
    #error missing
    #endif
    int main() { return 0; }" HOLDFAST_WOLFSSL_HAS_${macro})
  cmake_pop_check_state()
  if(NOT HOLDFAST_WOLFSSL_HAS_${macro})
    message(FATAL_ERROR
      "The wolfSSL that was found (${wolfssl_VERSION}) is built without ${macro}: ${reason}.\n"
      "Debian's libwolfssl-dev has it; a wolfSSL of your own must be configured with it.")
  endif()
endfunction()
holdfast_require_wolfssl(WOLFSSL_TLS13 "Holdfast speaks TLS 1.3 only (--enable-tls13)")
holdfast_require_wolfssl(WOLFSSL_ALWAYS_VERIFY_CB
  "the verify callback must see every leaf certificate, also a valid one (--enable-opensslextra)")
holdfast_require_wolfssl(OPENSSL_EXTRA
  "the verified certificate's bytes reach the callback through it (--enable-opensslextra)")
holdfast_require_wolfssl(HAVE_SNI "brokers behind one address are told apart by SNI (--enable-sni)")
holdfast_require_wolfssl(HAVE_SUPPORTED_CURVES "one key share, two groups (--enable-supportedcurves)")
holdfast_require_wolfssl(HAVE_CURVE25519 "X25519 is the key share that is offered (--enable-curve25519)")

# --- Paho ------------------------------------------------------------------------------------
# Holdfast does not use OpenSSL, but Paho's CMake files require its headers without saying which
# package has them; the same for Paho C, which Debian's package of Paho C++ does not depend on.
find_package(OpenSSL QUIET)
if(NOT OPENSSL_FOUND)
  holdfast_missing("OpenSSL's headers, for the CMake files of Paho," libssl-dev)
endif()
find_path(HOLDFAST_PAHO_C_INCLUDE MQTTAsync.h)
if(NOT HOLDFAST_PAHO_C_INCLUDE)
  holdfast_missing("Eclipse Paho MQTT C 1.3.12 or newer" libpaho-mqtt-dev)
endif()
find_package(eclipse-paho-mqtt-c QUIET)
find_package(PahoMqttCpp QUIET)
find_library(HOLDFAST_PAHO_CPP_LIBRARY paho-mqttpp3)
find_library(HOLDFAST_PAHO_C_LIBRARY paho-mqtt3as)
if(NOT TARGET PahoMqttCpp::paho-mqttpp3 OR NOT HOLDFAST_PAHO_CPP_LIBRARY OR NOT HOLDFAST_PAHO_C_LIBRARY)
  holdfast_missing("Eclipse Paho MQTT C++ 1.2 or newer" libpaho-mqttpp-dev)
endif()

# --- FlatBuffers -------------------------------------------------------------------------------
find_package(Flatbuffers QUIET NAMES flatbuffers FlatBuffers Flatbuffers)
find_path(HOLDFAST_FLATBUFFERS_INCLUDE flatbuffers/flatbuffers.h)
if(NOT HOLDFAST_FLATBUFFERS_INCLUDE)
  holdfast_missing("FlatBuffers 2.0 or newer" libflatbuffers-dev)
endif()
find_program(HOLDFAST_FLATC flatc)
if(NOT HOLDFAST_FLATC)
  holdfast_missing("flatc, the FlatBuffers compiler" flatbuffers-compiler)
endif()
# The SDK uses the header-only part of FlatBuffers, which Debian 12 and 13 install alike.
add_library(holdfast_flatbuffers INTERFACE)
target_include_directories(holdfast_flatbuffers SYSTEM INTERFACE ${HOLDFAST_FLATBUFFERS_INCLUDE})

# --- Asio (standalone, header only) --------------------------------------------------------------
find_path(HOLDFAST_ASIO_INCLUDE asio.hpp)
if(NOT HOLDFAST_ASIO_INCLUDE)
  holdfast_missing("standalone Asio 1.22 or newer" libasio-dev)
endif()
add_library(holdfast_asio INTERFACE)
target_include_directories(holdfast_asio SYSTEM INTERFACE ${HOLDFAST_ASIO_INCLUDE})
target_compile_definitions(holdfast_asio INTERFACE ASIO_STANDALONE ASIO_NO_DEPRECATED)
target_link_libraries(holdfast_asio INTERFACE Threads::Threads)

# --- SQLite --------------------------------------------------------------------------------------
# 3.25: window functions.
find_package(SQLite3 3.25 QUIET)
if(NOT SQLite3_FOUND)
  holdfast_missing("SQLite 3.25 or newer" libsqlite3-dev)
endif()

# --- toml++ (header only), for the library that reads config files --------------------------------
find_path(HOLDFAST_TOMLPLUSPLUS_INCLUDE toml++/toml.h)
if(NOT HOLDFAST_TOMLPLUSPLUS_INCLUDE)
  holdfast_missing("toml++ 3.3 or newer" libtomlplusplus-dev)
endif()

# --- What only the command, samples and tests need -----------------------------------------------
if(HOLDFAST_BUILD_CLI OR HOLDFAST_BUILD_BROKER_TEST)
  find_package(nlohmann_json QUIET)
  if(NOT nlohmann_json_FOUND)
    holdfast_missing("nlohmann-json" nlohmann-json3-dev)
  endif()
endif()
if(HOLDFAST_BUILD_CLI OR HOLDFAST_BUILD_SAMPLES OR HOLDFAST_BUILD_BROKER_TEST)
  find_package(CLI11 QUIET)
  if(NOT CLI11_FOUND)
    holdfast_missing("CLI11" libcli11-dev)
  endif()
endif()
if(HOLDFAST_BUILD_SAMPLES)
  find_package(spdlog QUIET)
  if(NOT spdlog_FOUND)
    holdfast_missing("spdlog, by which a sample logs" libspdlog-dev)
  endif()
endif()
if(HOLDFAST_BUILD_TESTS OR HOLDFAST_BUILD_BROKER_TEST)
  find_package(GTest QUIET)
  if(NOT GTest_FOUND)
    holdfast_missing("GoogleTest 1.12 or newer" "libgtest-dev libgmock-dev")
  endif()
endif()
if(HOLDFAST_BUILD_TESTS OR HOLDFAST_BUILD_BENCH)
  pkg_check_modules(libmosquitto QUIET IMPORTED_TARGET libmosquitto)
  if(NOT libmosquitto_FOUND)
    holdfast_missing("libmosquitto, the independent client of the tests" libmosquitto-dev)
  endif()
endif()
