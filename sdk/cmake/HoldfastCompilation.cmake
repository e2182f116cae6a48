# Warnings and sanitizers for Holdfast's own targets. They are attached target by target, so that
# a project that uses Holdfast through add_subdirectory keeps its own settings.

option(HOLDFAST_WARNINGS_AS_ERRORS "Treat warnings as errors" ${PROJECT_IS_TOP_LEVEL})

add_library(holdfast_compilation INTERFACE)
target_compile_features(holdfast_compilation INTERFACE cxx_std_20)
target_compile_options(holdfast_compilation INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Wold-style-cast -Wcast-qual -Woverloaded-virtual -Wformat=2 -Wundef -fvisibility=hidden)
# A designated initialiser that leaves members to their defaults is how option structs are meant to
# be written; the warning cannot tell that from a forgotten member.
target_compile_options(holdfast_compilation INTERFACE -Wno-missing-field-initializers)
# GCC 12 under sanitizers takes <regex> for uninitialised (GCC bug 105562), and its ThreadSanitizer does
# not know the fences of Asio's scheduler; what they guard is guarded by a mutex as well.
if(HOLDFAST_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(holdfast_compilation INTERFACE -Wno-maybe-uninitialized -Wno-tsan)
endif()
if(HOLDFAST_WARNINGS_AS_ERRORS)
  target_compile_options(holdfast_compilation INTERFACE -Werror)
endif()

if(HOLDFAST_SANITIZE)
  add_compile_options(-fsanitize=${HOLDFAST_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${HOLDFAST_SANITIZE})
  if(HOLDFAST_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()
