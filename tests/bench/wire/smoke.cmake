# Runs a small part of the benchmark and reads its data: does the one command work at all?
#   cmake -DPROGRAM=… -DDATA=… -P smoke.cmake
execute_process(
  COMMAND "${PROGRAM}" --links clean --rows "^holdfast qos1$" --readings 3 --runs 1 --data "${DATA}"
  RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
message("${output}")
if(status EQUAL 77)
  message("Skipped.")  # ctest looks for this word
  return()
endif()
if(NOT status EQUAL 0)
  message(FATAL_ERROR "it ended with ${status}")
endif()
file(READ "${DATA}" text)
string(JSON key GET "${text}" lines 0 rows 0 key)
string(JSON bytes GET "${text}" lines 0 rows 0 bytes_a_reading)
string(JSON limit GET "${text}" lines 0 rows 0 limit_bytes)
if(NOT key STREQUAL "holdfast qos1" OR bytes LESS limit)
  message(FATAL_ERROR "${key}: ${bytes} bytes a reading, less than the limit of ${limit}")
endif()
