# For boards with a 64-bit ARM Linux (arm64 in Debian's words): Debian's cross toolchain, and Debian's own arm64
# libraries. For the SDK (preset arm64) and for apps: cmake --toolchain …/arm64-linux-gnu.cmake
#
#   HOLDFAST_SYSROOT   the folder that sdk/cmake/make-sysroot made. Empty: the libraries are in this system's own
#                      multiarch folders (dpkg --add-architecture arm64, apt-get install …:arm64)
#
# Where qemu-aarch64 is installed (package qemu-user), what is built can be run here, by ctest as well.
# docs/guides/boards.md has the whole way.

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)

set(HOLDFAST_SYSROOT "" CACHE PATH "Folder that make-sysroot made; empty for this system's multiarch libraries")
# What CMake tries out it configures as a project of its own.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES HOLDFAST_SYSROOT)

set(holdfast_triplet aarch64-linux-gnu)
# A Raspberry Pi 3's: an instruction that small boards lack is found, and pointers are not signed, which is slow to emulate.
set(holdfast_emulator -cpu cortex-a53)
if(HOLDFAST_SYSROOT)
  get_filename_component(holdfast_sysroot "${HOLDFAST_SYSROOT}" ABSOLUTE)
  if(NOT EXISTS "${holdfast_sysroot}/usr/lib/${holdfast_triplet}/libc.so")
    message(FATAL_ERROR "HOLDFAST_SYSROOT: there is no usr/lib/${holdfast_triplet}/libc.so in ${holdfast_sysroot}; make the "
                        "folder with sdk/cmake/make-sysroot")
  endif()
  set(CMAKE_SYSROOT "${holdfast_sysroot}")
  list(APPEND holdfast_emulator -L "${holdfast_sysroot}")
  # Tools (flatc, pkg-config) are this system's, the rest the board's.
  set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
  set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
  set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
  # BOTH: what an app brings along (CMAKE_PREFIX_PATH), an installed Holdfast for one, may lie beside it.
  set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE BOTH)
endif()
# pkg-config would name this system's libraries.
set(ENV{PKG_CONFIG_PATH} "")
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${holdfast_sysroot}")
set(ENV{PKG_CONFIG_LIBDIR}
    "${holdfast_sysroot}/usr/lib/${holdfast_triplet}/pkgconfig:${holdfast_sysroot}/usr/share/pkgconfig")

find_program(HOLDFAST_EMULATOR qemu-aarch64 DOC "Runs programs of the board here (package qemu-user)")
if(HOLDFAST_EMULATOR)
  set(CMAKE_CROSSCOMPILING_EMULATOR "${HOLDFAST_EMULATOR}" ${holdfast_emulator})
endif()
